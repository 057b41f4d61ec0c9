"""String commands."""

from .. import rules
from ..grammar import (
    float_, index, integer, key, many, maybe, milliseconds, number, one_of, pool, raw, seconds,
    sequence, shuffled, tagged, unix_milliseconds, unix_seconds, value, word,
)
from ..table import Family, Step

FAMILY = Family("strings")
command = FAMILY.command

expiry = one_of(
    tagged("EX", seconds), tagged("PX", milliseconds),
    tagged("EXAT", unix_seconds), tagged("PXAT", unix_milliseconds),
)
# Offsets that Redis can afford, or refuses; see the promise in wrong.py.
offset = pool([b"0", b"1", b"5", b"30", b"300", b"-1", b"536870912", b"4294967296",
               b"9223372036854775807", b"-9223372036854775808"])
counter = one_of(number(-10, 10), integer)

command("GET", key, weight=5)
command("SET", key, value, shuffled(
    maybe(word("NX", "XX"), 0.2), maybe(word("GET"), 0.2),
    maybe(one_of(expiry, word("KEEPTTL")), 0.35)), weight=8)
command("SETNX", key, value)
command("SETEX", key, seconds, value)
command("PSETEX", key, milliseconds, value)
command("GETSET", key, value)
command("GETDEL", key)
command("GETEX", key, maybe(one_of(expiry, word("PERSIST")), 0.8), weight=2)
command("MGET", many(key), weight=2)
command("MSET", many(sequence(key, value), 1, 3), weight=2)
command("MSETNX", many(sequence(key, value), 1, 3))
command("APPEND", key, value, weight=2)
command("STRLEN", key)
command("GETRANGE", key, index, index, weight=2)
command("SUBSTR", key, index, index)
command("SETRANGE", key, offset, value, weight=2)
command("INCR", key, weight=2)
command("DECR", key, weight=2)
command("INCRBY", key, counter, weight=2)
command("DECRBY", key, counter, weight=2)
command("INCRBYFLOAT", key, one_of(float_, number(-100, 100)), weight=2)
command("LCS", key, key, shuffled(
    maybe(word("LEN"), 0.3), maybe(word("IDX")), maybe(tagged("MINMATCHLEN", number(-1, 4))),
    maybe(word("WITHMATCHLEN"))))


def counting(d, table, connection):
    """A counter from nothing through integers to floats, the same key each time."""
    name = key(d)[0]
    steps = [Step(connection, (b"SET", name, d.choice([b"10", b"-5", b"1.5", b"3.0e3", b" 11", b"9223372036854775800"])))]
    for _ in range(d.between(1, 5)):
        argv = d.choice([
            (b"INCR", name), (b"DECR", name), (b"INCRBY", name, b"7"), (b"DECRBY", name, b"-9223372036854775808"),
            (b"INCRBYFLOAT", name, float_(d)[0]), (b"GET", name), (b"STRLEN", name), (b"APPEND", name, b"0"),
            (b"OBJECT", b"ENCODING", name),
        ])
        steps.append(Step(connection, argv))
    return steps


FAMILY.script("a counter", counting)
