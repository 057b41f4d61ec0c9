"""Lists: what the foundation has."""

from ..grammar import index, key, many, maybe, number, one_of, pool, value
from ..table import Family, Step

FAMILY = Family("lists")
command = FAMILY.command

count = maybe(one_of(number(0, 4), pool([b"-1", b"9223372036854775807"])), 0.5)

command("LPUSH", key, many(value, 1, 3), weight=3)
command("RPUSH", key, many(value, 1, 3), weight=3)
command("LPOP", key, count, weight=2)
command("RPOP", key, count, weight=2)
command("LRANGE", key, index, index, weight=2)
command("LLEN", key)


def long_list(d, table, connection):
    """A list beyond one packed node, then its ends and its encoding."""
    name = key(d)[0]
    size = d.choice([2, 128, 129, 600])
    elements = tuple(b"%d" % n if n % 3 else b"e" * (n % 90) for n in range(size))
    steps = [(b"RPUSH", name, *elements), (b"LLEN", name), (b"LRANGE", name, b"-5", b"-1"),
             (b"LPOP", name, b"%d" % (size // 2)), (b"LRANGE", name, b"0", b"3"), (b"OBJECT", b"ENCODING", name)]
    return [Step(connection, argv) for argv in steps]


FAMILY.script("a long list", long_list, weight=0.3)
