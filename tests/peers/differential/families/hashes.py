"""Hashes: what the foundation has."""

from .. import rules
from ..grammar import field, key, many, sequence, value
from ..table import Family, Step

FAMILY = Family("hashes")
command = FAMILY.command

command("HSET", key, many(sequence(field, value), 1, 3), weight=4)
command("HGET", key, field, weight=2)
command("HGETALL", key, rule=rules.unordered_pairs, weight=2)
command("HLEN", key)


def big_hash(d, table, connection):
    """A hash beyond its packed form, by count or by the length of a value."""
    name = key(d)[0]
    fields = [part for n in range(d.choice([3, 128, 129, 513, 600])) for part in (b"f%d" % n, b"%d" % (n * 7))]
    if d.chance(0.5):
        fields[-1] = b"v" * d.choice([64, 65])
    return [
        Step(connection, (b"HSET", name, *fields)), Step(connection, (b"HLEN", name)),
        Step(connection, (b"HGET", name, b"f2")), Step(connection, (b"HGETALL", name), rules.unordered_pairs),
        Step(connection, (b"OBJECT", b"ENCODING", name)),
    ]


FAMILY.script("a big hash", big_hash, weight=0.3)
