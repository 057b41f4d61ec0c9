"""Sets: members by name and by chance, pages, algebra and its results."""

from .. import rules
from ..grammar import (
    field, key, many, maybe, number, one_of, pattern, pool, sequence, shuffled, tagged,
)
from ..table import Family, Step

FAMILY = Family("sets")
command = FAMILY.command

command("SADD", key, many(field, 1, 4), weight=4)
command("SREM", key, many(field, 1, 3), weight=2)
command("SPOP", key, maybe(one_of(number(0, 4), pool([b"-1", b"4294967296"])), 0.5),
        rule=rules.popped, queueable=False, spoil=False, weight=2)
command("SCARD", key)
command("SMEMBERS", key, rule=rules.unordered, weight=2)
command("SISMEMBER", key, field, weight=2)
command("SMISMEMBER", key, many(field, 1, 4))
command("SMOVE", key, key, field, weight=2)
command("SINTER", many(key, 1, 3), rule=rules.unordered)
command("SUNION", many(key, 1, 3), rule=rules.unordered)
command("SDIFF", many(key, 1, 3), rule=rules.unordered)
command("SINTERSTORE", key, many(key, 1, 3))
command("SUNIONSTORE", key, many(key, 1, 3))
command("SDIFFSTORE", key, many(key, 1, 3))


def counted_keys(d):
    """`numkeys key [key ...]`; now and then the number is not that of the keys."""
    names = many(key, 1, 3)(d)
    count = len(names) if d.chance(0.9) else d.between(-1, 4)
    return [b"%d" % count, *names]


limit = maybe(tagged("LIMIT", pool([b"0", b"1", b"2", b"100", b"-1"])), 0.5)
command("SINTERCARD", counted_keys, limit)


def drawn(duel, step, left, right):
    """SRANDMEMBER: members of the set, as many as Redis gives; none twice where Redis gives none twice."""
    if left == right:
        return True
    if left[0] == right[0] == "$":
        return all(side.ask(step.connection, b"SISMEMBER", step.argv[1], reply[1]) == (":", b"1")
                   for side, reply in zip(duel.sides, (left, right)))
    if left[0] != right[0] or left[0] not in "*~" or len(left[1] or []) != len(right[1] or []):
        return False
    known = duel.sides[0].ask(step.connection, b"SMEMBERS", step.argv[1])[1]
    twice = step.argv[2].startswith(b"-")
    return all(x in known for x in right[1]) and (twice or len(set(right[1])) == len(right[1]))


command("SRANDMEMBER", key, maybe(number(-6, 12), 0.7), rule=drawn, queueable=False, spoil=False)
options = shuffled(maybe(tagged("MATCH", pattern)), maybe(tagged("COUNT", pool([b"1", b"10", b"1000", b"0"]))))
command("SSCAN", key, pool([b"0"]), options, rule=rules.scan, queueable=False)


def wrong_chance(d, table, connection):
    """SPOP and SRANDMEMBER with what they must refuse."""
    tail = d.choice([(), (b"a", b"x"), (b"a", b"1", b"2"), (b"a", b"1.5"), (b"a", b""),
                     (b"a", b"9223372036854775808"), (b"a", b"-9223372036854775808")])
    name = b"SRANDMEMBER" if d.chance(0.5) else b"SPOP"
    return [Step(connection, (name, *tail))]


def big_set(d, table, connection):
    """A set beyond its packed forms: integers, then words."""
    name, other = key(d)[0], key(d)[0]
    size = d.choice([3, 128, 129, 512, 513, 5000])
    members = tuple(b"%d" % (n * 3) for n in range(size))
    if d.chance(0.5):
        members += (b"word",)
    gone = [b"%d" % (3 * d.between(0, size)) for _ in range(d.choice([1, 20, 200]))]
    return [
        Step(connection, (b"SADD", name, *members)), Step(connection, (b"SCARD", name)),
        Step(connection, (b"SMEMBERS", name), rules.unordered),
        Step(connection, (b"SSCAN", name, b"0", b"COUNT", b"%d" % d.choice([1, 7, 100])), rules.scan),
        Step(connection, (b"SPOP", name, b"%d" % (size // 2)), rules.popped),
        Step(connection, (b"SRANDMEMBER", name, b"%d" % d.choice([2, -5, 100, 10000])), drawn),
        Step(connection, (b"OBJECT", b"ENCODING", name)),
        Step(connection, (b"SREM", name, *gone)),
        Step(connection, (b"SADD", other, b"0", b"3", b"6", b"7")),
        Step(connection, (b"SINTER", name, other), rules.unordered),
        Step(connection, (b"SUNIONSTORE", other, other, name)),
        Step(connection, (b"SMEMBERS", other), rules.unordered),
        Step(connection, (b"SPOP", name, b"%d" % size), rules.popped),
        Step(connection, (b"EXISTS", name)),
    ]


FAMILY.script("a wrong SPOP", wrong_chance, weight=0.5)
FAMILY.script("a big set", big_set, weight=0.3)
