"""Wrong requests made of right ones, said once for every command.

Each way of going wrong is one at which a parser errs: arity, case, integers, options, binary. The
numbers keep the promise of `grammar.py`: none is a small positive deadline, and none asks for between
1 MiB and 512 MiB of memory (Redis would take it).
"""

NASTY = [
    b"", b"abc", b"1.5", b"-0", b"+1", b" 20000", b"20000 ", b"0x10", b"1e3", b"nan", b"inf", b"-inf",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808", b"-9223372036854775809",
    b"18446744073709551616", b"4294967296", b"2147483648", b"-2147483649", b"536870912", b"-1", b"0",
    b"\x00", b"\r\n", b"\xff\xfe", b"*", b"NX", b"XX", b"GET", b"COUNT", b"99999999999999999999999999",
]


def spoil(d, argv, fixed):
    """A variant of `argv` that is probably wrong. The first `fixed` words (the name) stay."""
    argv = list(argv)
    for _ in range(1 if d.chance(0.8) else 2):
        way = d.between(0, 7)
        at = d.between(fixed, len(argv) - 1) if len(argv) > fixed else None
        if way == 0 and at is not None:
            del argv[-1]
        elif way == 1 and at is not None:
            del argv[at]
        elif way in (2, 3) and at is not None:
            argv[at] = d.choice(NASTY)
        elif way == 4:
            argv.append(d.choice(NASTY))
        elif way == 5 and at is not None:
            argv.insert(at, argv[at])
        elif way == 6 and at is not None:
            other = d.between(fixed, len(argv) - 1)
            argv[at], argv[other] = argv[other], argv[at]
        elif way == 7:
            argv = argv[: d.between(fixed, len(argv))]
    return argv
