"""Deadlines of hash fields. Redis 7.4 brought them and 8.0 the rest: an older reference is not asked."""

from .. import rules
from ..grammar import (
    FAR_MILLISECONDS, FAR_SECONDS, MILLISECONDS, PAST, SECONDS, TOO_BIG,
    field, key, maybe, one_of, pool, sequence, shuffled, tagged, value, word,
)
from ..table import Family, Step

FAMILY = Family("hash_deadlines", needs="HGETEX")
command = FAMILY.command

condition = maybe(word("NX", "XX", "GT", "LT"))
NEAR_TOO_BIG = [b"70368744177664", b"70368744178", b"70368744177663000"]


def times(right):
    return pool(right * 8 + PAST + TOO_BIG + NEAR_TOO_BIG)


def counted(each, least=1, most=4):
    """FIELDS with a count that is right, or now and then is not."""
    def draw(d):
        parts = [each(d) for _ in range(d.between(least, most))]
        count = len(parts) + d.choice([0] * 12 + [1, -1])
        return word("FIELDS")(d) + [b"%d" % count] + [arg for part in parts for arg in part]
    return draw


def about(duel, step, left, right):
    """Arrays of remaining times: each within a second, or two in milliseconds."""
    near = rules.within(2 if step.argv[0].upper() == b"HTTL" else 3000)
    if left[0] != "*" or right[0] != "*" or left[1] is None or right[1] is None:
        return left == right
    return len(left[1]) == len(right[1]) and all(near(duel, step, a, b) for a, b in zip(left[1], right[1]))


fields = counted(field)
command("HEXPIRE", key, times(SECONDS), condition, fields, weight=2)
command("HPEXPIRE", key, times(MILLISECONDS), condition, fields, weight=2)
command("HEXPIREAT", key, times(FAR_SECONDS), condition, fields, weight=2)
command("HPEXPIREAT", key, times(FAR_MILLISECONDS), condition, fields, weight=2)
command("HTTL", key, fields, rule=about)
command("HPTTL", key, fields, rule=about)
command("HEXPIRETIME", key, fields, rule=about)
command("HPEXPIRETIME", key, fields, rule=about)
command("HPERSIST", key, fields, weight=2)
lifetime = [
    tagged("EX", times(SECONDS)), tagged("PX", times(MILLISECONDS)),
    tagged("EXAT", times(FAR_SECONDS)), tagged("PXAT", times(FAR_MILLISECONDS)),
]
# Not spoiled: Redis 8.0 reads beyond the arguments of `HGETEX key EX 10 FIELDS`, and at times ends there.
command("HGETEX", key, maybe(one_of(*lifetime, word("PERSIST"))), fields, weight=3, spoil=False)
command("HSETEX", key,
        shuffled(maybe(word("FNX", "FXX")), maybe(one_of(*lifetime, word("KEEPTTL")))),
        counted(sequence(field, value)), weight=4)
command("HGETDEL", key, fields, weight=2)


def big_hash(d, table, connection):
    """A hash beyond its packed form that gets deadlines, loses some, and moves."""
    name, other = b"a", b"b"
    count = d.choice([3, 100, 600, 3000])
    lot = [b"f%d" % d.between(0, count) for _ in range(d.choice([1, 20, 200]))]
    some = (b"FIELDS", b"%d" % len(lot), *lot)
    steps = [(b"DEL", name, other), (b"HSET", name, *[part for n in range(count) for part in (b"f%d" % n, b"v")])]
    steps += [(b"HEXPIREAT", name, d.choice(FAR_SECONDS), *some) for _ in range(2)]
    steps += [
        (b"HPEXPIREAT", name, b"4102444800500", d.choice([b"GT", b"LT", b"NX", b"XX"]), *some),
        (b"HGETEX", name, b"PERSIST", *some[:1], b"1", lot[0]), (b"HSET", name, lot[-1], b"w"),
        (b"HINCRBY", name, b"number", b"5"), (b"HLEN", name), (b"HPEXPIRETIME", name, *some),
        (b"COPY", name, other), (b"HEXPIREAT", name, b"1", *some), (b"HLEN", name),
        (b"HPEXPIRETIME", other, *some), (b"RENAME", other, name), (b"HPEXPIRETIME", name, *some),
        (b"HGETDEL", name, *some), (b"EXISTS", name), (b"HLEN", name),
    ]
    return [Step(connection, step) for step in steps]


FAMILY.script("a big hash with deadlines", big_hash, weight=0.5)
