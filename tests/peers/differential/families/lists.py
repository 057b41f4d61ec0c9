"""Lists, without the commands that wait."""

from ..grammar import index, integer, key, many, maybe, number, one_of, pool, shuffled, tagged, value, word
from ..table import Family, Step

FAMILY = Family("lists")
command = FAMILY.command

count = maybe(one_of(number(0, 4), pool([b"-1", b"9223372036854775807"])), 0.5)
element = one_of(value, pool([b"v", b"e0", b"10", b"hello world"]))
side = word("LEFT", "RIGHT")
small = pool([b"0", b"1", b"2", b"3", b"-1", b"-2", b"9223372036854775807", b"-9223372036854775807"])

command("LPUSH", key, many(element, 1, 3), weight=3)
command("RPUSH", key, many(element, 1, 3), weight=3)
command("LPUSHX", key, many(element, 1, 3))
command("RPUSHX", key, many(element, 1, 3))
command("LPOP", key, count, weight=2)
command("RPOP", key, count, weight=2)
command("LLEN", key)
command("LINDEX", key, index)
command("LRANGE", key, index, index, weight=2)
command("LSET", key, index, element, weight=2)
command("LTRIM", key, index, index, weight=0.5)
command("LPOS", key, element, shuffled(
    maybe(tagged("RANK", one_of(small, integer))),
    maybe(tagged("COUNT", small)),
    maybe(tagged("MAXLEN", small)),
), weight=2, queueable=False)
command("LINSERT", key, word("BEFORE", "AFTER"), element, element, weight=2)
command("LREM", key, small, element, weight=2)
command("LMOVE", key, key, side, side, weight=2)
command("RPOPLPUSH", key, key)


def numbered_keys(d):
    keys = many(key, 1, 3)(d)
    return [b"%d" % (len(keys) if d.chance(0.9) else d.choice([0, -1, 4, 9223372036854775807])), *keys]


command("LMPOP", numbered_keys, side, maybe(tagged("COUNT", small)), weight=1.5)


def long_list(d, table, connection):
    """A list beyond one packed node, then its ends, its middle and its encoding."""
    name = key(d)[0]
    size = d.choice([2, 128, 129, 600, 3000])
    elements = tuple(b"%d" % n if n % 3 else b"e" * (n % 90) for n in range(size))
    at = lambda: b"%d" % d.between(-size - 1, size + 1)
    some = lambda: d.choice(elements)
    steps = [(b"RPUSH", name, *elements), (b"LLEN", name), (b"LRANGE", name, b"-5", b"-1")]
    steps += d.random.sample([
        (b"LPOP", name, b"%d" % (size // 2)), (b"RPOP", name, b"%d" % (size // 3)), (b"LINDEX", name, at()),
        (b"LSET", name, at(), b"s" * d.choice([1, 500, 5000])), (b"LSET", name, at(), b"set"),
        (b"LINSERT", name, b"BEFORE", some(), b"i" * d.choice([1, 5000])), (b"LINSERT", name, b"AFTER", some(), b"i"),
        (b"LREM", name, b"0", some()), (b"LREM", name, b"-3", b"e" * d.between(0, 89)), (b"LREM", name, b"2", some()),
        (b"LPOS", name, some(), b"RANK", b"-1"), (b"LPOS", name, some(), b"COUNT", b"0", b"MAXLEN", b"200"),
        (b"LTRIM", name, at(), at()), (b"LRANGE", name, at(), at()), (b"LMOVE", name, name, b"LEFT", b"RIGHT"),
    ], 8)
    steps += [(b"LRANGE", name, b"0", b"-1"), (b"OBJECT", b"ENCODING", name)]
    return [Step(connection, argv) for argv in steps]


FAMILY.script("a long list", long_list, weight=0.3)
