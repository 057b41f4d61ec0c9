"""Bitmap commands: strings as rows of bits and of small integers."""

from ..grammar import bit, index, key, many, maybe, number, one_of, pool, sequence, tagged, value, word
from ..table import Family, Step

FAMILY = Family("bitmaps")
command = FAMILY.command

# Offsets that Redis can afford, or refuses; see the promise in wrong.py.
offset = one_of(number(0, 80), pool([
    b"0", b"7", b"8", b"9", b"63", b"64", b"100", b"1000", b"20000", b"-1", b"4294967296",
    b"9223372036854775807", b"-9223372036854775808"]))
# 2^63 / 64 and more would wrap in Redis: see differences.toml.
field_offset = one_of(offset, number(0, 200), pool([b"#0", b"#1", b"#2", b"#7", b"#33", b"#-1", b"#", b"#x", b"#4294967296"]))
encoding = one_of(
    pool([b"u1", b"u2", b"u7", b"u8", b"u9", b"u16", b"u31", b"u32", b"u33", b"u62", b"u63"]),
    pool([b"i1", b"i2", b"i7", b"i8", b"i9", b"i16", b"i31", b"i32", b"i33", b"i63", b"i64"]),
    lambda d: [b"%b%d" % (d.choice([b"i", b"u"]), d.between(1, 63))],
    lambda d: [b"%b%d" % (d.choice([b"i", b"u"]), d.between(1, 63))],
    pool([b"u64", b"i65", b"i0", b"u0", b"i-1", b"8", b"I8", b"", b"u", b"u08"]))
# What is set in a signed field of less than 64 bits is not the lowest integer: see `the lowest integer`.
amount = one_of(number(-300, 300), number(-5, 5), pool([
    b"20000", b"-20000", b"2147483648", b"9223372036854775807", b"-4611686018427387904", b"9223372036854775808", b"x"]))
lowest = pool([b"-9223372036854775808"])
unsigned = lambda d: [b"u%d" % d.between(1, 63)]
limit = one_of(index, number(-70, 70))
unit = maybe(word("BYTE", "BIT"), 0.6)
get = sequence(word("GET"), encoding, field_offset)
write = one_of(
    sequence(word("SET"), encoding, field_offset, amount),
    sequence(word("INCRBY"), encoding, field_offset, one_of(amount, amount, amount, lowest)),
    sequence(word("SET"), one_of(pool([b"i64"]), unsigned), field_offset, lowest),
    tagged("OVERFLOW", word("WRAP", "SAT", "FAIL")))

wrong = pool([b"GET", b"SET", b"INCRBY", b"OVERFLOW", b"SAT", b"nosuch", b"", b"u8"])

# Not spoiled: among the nasty numbers are offsets that Redis would take hundreds of megabytes for.
command("SETBIT", key, offset, one_of(bit, bit, bit, bit, pool([b"2", b"-1", b"x", b""])), weight=5, spoil=False)
command("GETBIT", key, offset, weight=3)
# Not inside MULTI: an allowed difference of order (differences.toml) must be seen by itself.
command("BITCOUNT", key, maybe(sequence(limit, limit, unit), 0.75), weight=4, queueable=False)
command("BITPOS", key, bit, maybe(sequence(limit, maybe(sequence(limit, unit), 0.7)), 0.75), weight=4,
        queueable=False)
command("BITOP", one_of(
    sequence(word("AND", "OR", "XOR"), key, many(key, 1, 4)), sequence(word("NOT"), key, key)), weight=5)
command("BITFIELD", key, many(one_of(get, write, write), 0, 4), maybe(wrong, 0.1), weight=6, spoil=False)
command("BITFIELD_RO", key, many(get, 0, 3), weight=2)


def long_rows(d, table, connection):
    """Rows of some thousand bits, so that whole words and blocks are met."""
    names = [b"a", b"b", b"c"]
    steps = []
    for name in names:
        fill = d.choice([b"\x00", b"\xff", b"\xaa", b"\x01"])
        steps.append(Step(connection, (b"SET", name, fill * d.choice([31, 64, 200, 1000, 8192, 9000]))))
        for _ in range(d.between(0, 4)):
            steps.append(Step(connection, (b"SETBIT", name, b"%d" % d.between(0, 80_000), d.choice([b"0", b"1"]))))
    bound = lambda: b"%d" % d.between(-80_000, 80_000)
    for _ in range(d.between(2, 6)):
        steps.append(Step(connection, d.choice([
            (b"BITOP", d.choice([b"AND", b"OR", b"XOR"]), d.choice(names), *d.random.choices(names, k=d.between(1, 3))),
            (b"BITOP", b"NOT", d.choice(names), d.choice(names)),
            (b"BITCOUNT", d.choice(names), bound(), bound(), d.choice([b"BIT", b"BYTE"])),
            (b"BITPOS", d.choice(names), d.choice([b"0", b"1"]), bound(), bound(), b"BIT"),
            (b"BITPOS", d.choice(names), d.choice([b"0", b"1"]), bound()),
            (b"BITPOS", d.choice(names), d.choice([b"0", b"1"])),
        ])))
    return steps + [Step(connection, (b"GET", name)) for name in names]


def values_met(d, table, connection):
    """Bits in strings that were made otherwise, and what they look like afterwards."""
    name = key(d)[0]
    return [Step(connection, (b"SET", name, *value(d)))] + [
        Step(connection, argv) for argv in (
            d.choice([(b"SETBIT", name, *offset(d), *bit(d)), (b"BITFIELD", name, *write(d)), (b"BITFIELD", name, *get(d))]),
            (b"GET", name), (b"OBJECT", b"ENCODING", name), (b"TTL", name))]


def the_lowest_integer(d, table, connection):
    """Set in a signed field; saturated, it is an allowed difference, so the field is gone afterwards."""
    set_it = (b"SET", b"i%d" % d.between(1, 64), b"%d" % d.between(0, 80), b"-9223372036854775808")
    get_it = (b"GET", *set_it[1:3])
    return [Step(connection, argv) for how in (b"WRAP", b"FAIL", b"SAT") for argv in (
        (b"BITFIELD", b"lowest", b"OVERFLOW", how, *set_it, *get_it), (b"DEL", b"lowest"))]


def wrong_forms(d, table, connection):
    name = key(d)[0]
    return [Step(connection, d.choice([
        (b"SETBIT",), (b"SETBIT", name), (b"SETBIT", name, b"1"), (b"SETBIT", name, b"1", b"1", b"1"), (b"SETBIT", name, b"x", b"2"),
        (b"BITFIELD",), (b"BITFIELD", name, b"SET", b"u8", b"0"), (b"BITFIELD", name, b"GET", b"u8"), (b"BITFIELD", name, b"OVERFLOW"),
        (b"BITFIELD", name, b"OVERFLOW", b"x"), (b"BITFIELD", name, b"SET", b"u8", b"0", b"1.5"), (b"BITFIELD", name, b"x", b"u8", b"0"),
        (b"BITFIELD", name, b"SET", b"u8", b"4294967296", b"x"), (b"BITFIELD", name, b"SET", b"u65", b"-1", b"x"),
    ]))]


FAMILY.script("wrong forms", wrong_forms)
FAMILY.script("the lowest integer", the_lowest_integer)
FAMILY.script("bits in other strings", values_met)
FAMILY.script("long rows of bits", long_rows, weight=0.5)
