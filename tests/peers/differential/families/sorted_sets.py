"""Sorted sets: what the foundation has."""

from ..grammar import (
    field, float_, index, key, many, maybe, number, one_of, pool, sequence, shuffled, word,
)
from ..table import Family, Step

FAMILY = Family("sorted_sets")
command = FAMILY.command

score = one_of(float_, number(-5, 5))

command("ZADD", key, shuffled(
    maybe(word("NX", "XX"), 0.25), maybe(word("GT", "LT"), 0.25), maybe(word("CH"), 0.3),
    maybe(word("INCR"), 0.2)), many(sequence(score, field), 1, 3), weight=5)
command("ZPOPMIN", key, maybe(one_of(number(0, 4), pool([b"-1", b"9223372036854775807"])), 0.5), weight=2)
command("ZCARD", key)
command("ZRANGE", key, index, index, maybe(word("WITHSCORES"), 0.5), weight=3)
command("ZSCORE", key, field, weight=2)


def big_sorted_set(d, table, connection):
    """A sorted set beyond its packed form, with equal scores that order by member."""
    name = key(d)[0]
    pairs = [p for n in range(d.choice([3, 128, 129, 300])) for p in (b"%d" % (n * 7 % 11), b"m%d" % n)]
    if d.chance(0.3):
        pairs[-1] = b"m" * d.choice([64, 65])
    return [
        Step(connection, (b"ZADD", name, *pairs)), Step(connection, (b"ZCARD", name)),
        Step(connection, (b"ZRANGE", name, b"0", b"-1", b"WITHSCORES")),
        Step(connection, (b"ZPOPMIN", name, b"20")), Step(connection, (b"OBJECT", b"ENCODING", name)),
    ]


FAMILY.script("a big sorted set", big_sorted_set, weight=0.3)
