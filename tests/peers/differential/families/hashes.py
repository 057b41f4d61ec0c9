"""Hashes, without deadlines of fields: `hash_deadlines` has those."""

from .. import rules
from ..grammar import field, float_, integer, key, many, maybe, number, pattern, pool, sequence, shuffled, tagged, value, word
from ..table import Family, Step

FAMILY = Family("hashes")
command = FAMILY.command

small = pool([b"0", b"1", b"2", b"5", b"-1", b"-3", b"9223372036854775807", b"-7"])

command("HSET", key, many(sequence(field, value), 1, 3), weight=4)
command("HMSET", key, many(sequence(field, value), 1, 3))
command("HSETNX", key, field, value)
command("HGET", key, field, weight=2)
command("HMGET", key, many(field, 1, 4))
command("HDEL", key, many(field, 1, 3), weight=2)
command("HEXISTS", key, field)
command("HSTRLEN", key, field)
command("HLEN", key)
command("HGETALL", key, rule=rules.unordered_pairs, weight=2)
command("HKEYS", key, rule=rules.unordered)
command("HVALS", key, rule=rules.unordered)
command("HINCRBY", key, field, integer, weight=2)
command("HINCRBYFLOAT", key, field, float_, weight=2)


def drawn(duel, step, left, right):
    """HRANDFIELD: as many fields of the hash as Redis gives, with their values; twice only where Redis may."""
    if left == right:
        return True
    if left[0] == right[0] == "$":
        return all(side.ask(step.connection, b"HEXISTS", step.argv[1], reply[1]) == (":", b"1")
                   for side, reply in zip(duel.sides, (left, right)))
    if left[0] != "*" or right[0] != "*" or len(left[1] or []) != len(right[1] or []):
        return False
    whole = duel.sides[0].ask(step.connection, b"HGETALL", step.argv[1])
    pairs = whole[1] if whole[0] == "%" else list(zip(whole[1][::2], whole[1][1::2]))
    given = right[1]
    if len(step.argv) > 3:
        given = [tuple(x[1]) for x in given] if given[0][0] == "*" else list(zip(given[::2], given[1::2]))
        known = pairs
    else:
        known = [name for name, _ in pairs]
    nested = [x[0] for x in left[1]] == [x[0] for x in right[1]]
    twice = step.argv[2].startswith(b"-")
    return nested and all(x in known for x in given) and (twice or len(set(map(repr, given))) == len(given))


# Not spoiled: of a negative count with many digits Redis makes an endless reply; we refuse it.
command("HRANDFIELD", key, maybe(sequence(number(-6, 12), maybe(word("WITHVALUES")))), rule=drawn, queueable=False, spoil=False)
options = shuffled(maybe(tagged("MATCH", pattern)), maybe(tagged("COUNT", pool([b"1", b"10", b"1000", b"0"]))))
command("HSCAN", key, pool([b"0"]), options, rule=rules.scan, queueable=False)


def big_hash(d, table, connection):
    """A hash beyond its packed form, by count or by the length of a value."""
    name = key(d)[0]
    count = d.choice([3, 128, 129, 513, 600, 5000])
    fields = [part for n in range(count) for part in (b"f%d" % n, b"%d" % (n * 7))]
    if d.chance(0.5):
        fields[-1] = b"v" * d.choice([64, 65])
    gone = [b"f%d" % d.between(0, count) for _ in range(d.choice([1, 20, 200]))]
    return [
        Step(connection, (b"HSET", name, *fields)), Step(connection, (b"HLEN", name)),
        Step(connection, (b"HGET", name, b"f2")), Step(connection, (b"HGETALL", name), rules.unordered_pairs),
        Step(connection, (b"HSCAN", name, b"0", b"COUNT", b"%d" % d.choice([1, 7, 100])), rules.scan),
        Step(connection, (b"HRANDFIELD", name, b"%d" % d.choice([2, -5, 100, 10000])), drawn),
        Step(connection, (b"HDEL", name, *gone)), Step(connection, (b"HKEYS", name), rules.unordered),
        Step(connection, (b"HINCRBY", name, b"f2", b"5")), Step(connection, (b"HLEN", name)),
        Step(connection, (b"OBJECT", b"ENCODING", name)),
    ]


FAMILY.script("a big hash", big_hash, weight=0.3)
