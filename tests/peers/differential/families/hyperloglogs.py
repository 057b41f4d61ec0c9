"""HyperLogLog commands. The values are strings, and are compared byte by byte."""

from ..grammar import key, many, maybe, one_of, pool, sequence, value, word
from ..table import Family, Step

FAMILY = Family("hyperloglogs")
command = FAMILY.command

element = pool([b"%d" % n for n in range(300)] + [b"", b"\x00", b"x" * 100, b"12345678", b"123456789"])
HEADER = b"HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"
# Right and wrong ones; some of the wrong ones are found only where they are damaged.
sketch = pool([
    HEADER + b"\x7f\xff", HEADER, HEADER + b"\x7f\xfe", HEADER + b"\x7f\xff\x00", HEADER + b"\x7f\xff\x80",
    HEADER + b"\x40", HEADER + b"\x80" * 40, HEADER[:15], b"HYLX" + HEADER[4:], b"HYLL\x02" + HEADER[5:],
    b"HYLL\x00" + HEADER[5:], b"HYLL\x00" + HEADER[5:] + b"\x41\x10\x04" * 4096, b"HYLL\x00" + HEADER[5:] + b"\xff" * 12288,
    HEADER[:15] + b"\x00\x7f\xff", HEADER + b"\x5f\xff\x84\x5f\xfe", HEADER + b"\x3f" * 256,
])

# Keys that only these commands know. Other families make damaged values of the common ones, and of several
# elements Redis adds those before the one that meets the damage, where Mainstay adds none.
own = pool([b"h1", b"h2", b"h3", b"h4"])
any_key = one_of(key, own)

command("PFADD", one_of(
    sequence(key, maybe(element, 0.9)), sequence(own, many(element, 0, 6)), sequence(own, many(element, 100, 300))), weight=6)
command("PFCOUNT", one_of(any_key, any_key, many(any_key, 2, 4)), weight=6)
command("PFMERGE", one_of(sequence(key, many(any_key, 0, 3)), sequence(own, many(own, 0, 3))), weight=3)
command("PFDEBUG", word("ENCODING", "DECODE", "TODENSE", "DECODE", "ENCODING", "NOSUCH", "GETREG"), any_key, weight=2)


def any_bytes(d, table, connection):
    """Values that somebody has SET."""
    name = key(d)[0]
    steps = [(b"SET", name, *d.choice([sketch, sketch, sketch, value])(d))]
    for _ in range(d.between(1, 4)):
        steps.append(d.choice([
            (b"PFADD", name, *element(d)), (b"PFADD", name), (b"PFCOUNT", name), (b"PFCOUNT", name, *key(d)),
            (b"PFMERGE", *key(d), name), (b"PFDEBUG", b"DECODE", name), (b"PFDEBUG", b"TODENSE", name), (b"GET", name)]))
    # Redis makes a short string raw as soon as it is looked at as a HyperLogLog, even in vain.
    return [Step(connection, argv) for argv in (*steps, (b"GET", name), (b"DEL", name))]


def many_elements(d, table, connection):
    """From a few opcodes over the longest sparse form to the dense one."""
    name = own(d)[0]
    steps = [Step(connection, (b"DEL", name))]
    for _ in range(d.between(1, 8)):
        base = d.between(0, 1_000_000)
        elements = [b"%d" % n for n in range(base, base + d.choice([10, 200, 500]))]
        steps.append(Step(connection, (b"PFADD", name, *elements)))
        if d.chance(0.5):
            steps.append(Step(connection, (b"PFCOUNT", name)))
        if d.chance(0.3):
            steps.append(Step(connection, (b"PFMERGE", own(d)[0], name)))
    return steps + [Step(connection, (b"GET", name)), Step(connection, (b"PFCOUNT", name)), Step(connection, (b"GET", name))]


FAMILY.script("values that somebody has set", any_bytes)
FAMILY.script("many elements", many_elements, weight=0.5)
