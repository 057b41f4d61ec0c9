"""Sets: what the foundation has."""

from .. import rules
from ..grammar import field, key, many, maybe, number, one_of, pool
from ..table import Family, Step

FAMILY = Family("sets")
command = FAMILY.command

command("SADD", key, many(field, 1, 4), weight=4)
command("SPOP", key, maybe(one_of(number(0, 4), pool([b"-1", b"4294967296"])), 0.5),
        rule=rules.popped, queueable=False, spoil=False, weight=2)
command("SCARD", key)
command("SMEMBERS", key, rule=rules.unordered, weight=2)
command("SISMEMBER", key, field, weight=2)


def wrong_spop(d, table, connection):
    """SPOP with what it must refuse."""
    tail = d.choice([(), (b"a", b"x"), (b"a", b"-1"), (b"a", b"1", b"2"), (b"a", b"1.5"), (b"a", b""),
                     (b"a", b"9223372036854775808")])
    return [Step(connection, (b"SPOP", *tail))]


def big_set(d, table, connection):
    """A set beyond its packed forms: integers, then words."""
    name = key(d)[0]
    size = d.choice([3, 128, 129, 512, 513])
    members = tuple(b"%d" % (n * 3) for n in range(size))
    if d.chance(0.5):
        members += (b"word",)
    return [
        Step(connection, (b"SADD", name, *members)), Step(connection, (b"SCARD", name)),
        Step(connection, (b"SMEMBERS", name), rules.unordered),
        Step(connection, (b"SPOP", name, b"%d" % (size // 2)), rules.popped),
        Step(connection, (b"OBJECT", b"ENCODING", name)),
    ]


FAMILY.script("a wrong SPOP", wrong_spop, weight=0.5)
FAMILY.script("a big set", big_set, weight=0.3)
