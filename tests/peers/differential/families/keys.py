"""Generic key commands: existence, names, deadlines, databases, iteration."""

import payloads

from .. import generate, rules
from ..crossed import crossed
from ..grammar import (
    KEYS, database, key, many, maybe, milliseconds, number, one_of, pattern, pool, raw, seconds,
    shuffled, tagged, unix_milliseconds, unix_seconds, value, word,
)
from ..table import Family, Step

FAMILY = Family("keys")
command = FAMILY.command

# Whole values of every type, and two that are damaged.
PAYLOADS = [payload for name, payload in payloads.frozen(10).items() if not name.startswith("stream")]
WHOLE = list(PAYLOADS)
PAYLOADS += [PAYLOADS[0][:-1], payloads.seal(b"\x02\x00", 10)]

condition = maybe(one_of(word("NX"), word("XX"), word("GT"), word("LT"),
                         shuffled(word("XX"), word("GT")), shuffled(word("NX"), word("LT")),
                         shuffled(word("GT"), word("LT"))), 0.5)

command("DEL", many(key, 1, 3), weight=2)
command("UNLINK", many(key, 1, 3))
command("EXISTS", many(key, 1, 4))
command("TOUCH", many(key, 1, 4))
command("TYPE", key, weight=2)
command("KEYS", pattern, rule=rules.unordered)
command("SCAN", raw(0), shuffled(
    maybe(tagged("MATCH", pattern)), maybe(tagged("COUNT", pool([b"1", b"3", b"10", b"1000"]))),
    maybe(tagged("TYPE", word("string", "list", "set", "zset", "hash", "stream", "nothing")), 0.3)),
    rule=rules.scan, queueable=False, spoil=False, weight=2)
command("RANDOMKEY", rule=rules.random_key, queueable=False)
command("DBSIZE")
command("RENAME", key, key)
command("RENAMENX", key, key)
command("COPY", key, key, shuffled(maybe(tagged("DB", database)), maybe(word("REPLACE"))), weight=2)
command("MOVE", key, database)
command("SWAPDB", database, database, weight=0.4)
command("FLUSHDB", maybe(word("SYNC", "ASYNC", "NOW")), weight=0.2)
command("FLUSHALL", maybe(word("SYNC", "ASYNC")), weight=0.1)
command("EXPIRE", key, seconds, condition, weight=2)
command("PEXPIRE", key, milliseconds, condition, weight=2)
command("EXPIREAT", key, unix_seconds, condition, weight=2)
command("PEXPIREAT", key, unix_milliseconds, condition, weight=2)
command("TTL", key, rule=rules.within(2), weight=2)
command("PTTL", key, rule=rules.within(2500), weight=2)
command("EXPIRETIME", key, rule=rules.within(2))
command("PEXPIRETIME", key, rule=rules.within(2500))
command("PERSIST", key)
# Not inside MULTI: an allowed difference of names (differences.toml) must be seen by itself.
command("OBJECT ENCODING", key, weight=3, queueable=False)
command("DUMP", key, rule=crossed, queueable=False, weight=4)
command("RESTORE", key, one_of(raw(0), milliseconds, unix_milliseconds), pool(PAYLOADS), shuffled(
    maybe(word("REPLACE"), 0.7), maybe(word("ABSTTL")), maybe(one_of(
        tagged("IDLETIME", pool([b"0", b"20000", b"-1", b"x"])),
        tagged("FREQ", pool([b"0", b"255", b"256", b"-1"])),
        shuffled(tagged("FREQ", raw(0)), tagged("IDLETIME", raw(0)))), 0.2)), weight=3)
command("OBJECT REFCOUNT", key, queueable=False)
command("OBJECT IDLETIME", key, rule=rules.not_negative)
command("OBJECT FREQ", key)
command("OBJECT HELP", rule=rules.bulks)


def wrong_scan(d, table, connection):
    """SCAN with what it must refuse. Redis reads a cursor with strtoul, so it takes "" and "-1"."""
    tail = d.choice([
        (b"abc",), (b"",), (b"0", b"COUNT"), (b"0", b"COUNT", b"0"), (b"0", b"COUNT", b"-1"),
        (b"0", b"COUNT", b"x"), (b"0", b"MATCH"), (b"0", b"NOSUCH", b"1"), (b"0", b"1", b"2"),
        (b"18446744073709551616",), (b"1.5",), (), (b"0", b"TYPE"),
        (b"0", b"COUNT", b"9223372036854775808"),
    ])
    return [Step(connection, (b"SCAN", *tail), rules.page)]


def falls_due(d, table, connection):
    """A key with a deadline of milliseconds is gone after it, for every command."""
    name = d.choice(KEYS)
    born = d.choice([
        [(b"SET", name, b"v", b"PX", b"40")],
        [(b"PSETEX", name, b"40", b"v")],
        [(b"DEL", name), (b"RPUSH", name, b"x"), (b"PEXPIRE", name, b"40")],
        [(b"SET", name, b"7"), (b"GETEX", name, b"PX", b"40")],
    ])
    seen = d.choice([
        (b"GET", name), (b"EXISTS", name), (b"TTL", name), (b"TYPE", name), (b"LLEN", name),
        (b"RENAME", name, b"other"), (b"COPY", name, b"other"), (b"INCR", name), (b"PERSIST", name),
        (b"OBJECT", b"ENCODING", name), (b"DBSIZE",), (b"APPEND", name, b"z"), (b"SETNX", name, b"n"),
        (b"MOVE", name, b"3"), (b"DEL", name), (b"TOUCH", name), (b"GETDEL", name), (b"PTTL", name),
    ])
    # One quiet pause after both have the key; DBSIZE counts dead keys until a cycle finds them.
    pause = 400 if seen[0] == b"DBSIZE" else 60
    return [Step(connection, argv) for argv in born] + [Step(connection, seen, pause_ms=pause)]


def changed_in_place(d, table, connection):
    """What keeps a deadline and what drops it."""
    name = key(d)[0]
    steps = [Step(connection, (b"SET", name, b"10", b"EX", b"10000"))]
    for _ in range(2):
        argv = d.choice([
            (b"APPEND", name, b"1"), (b"INCR", name), (b"SET", name, b"1"), (b"SET", name, b"1", b"KEEPTTL"),
            (b"GETSET", name, b"2"), (b"RENAME", name, b"e"), (b"SETRANGE", name, b"1", b"x"),
            (b"COPY", name, b"f", b"REPLACE"), (b"INCRBYFLOAT", name, b"1.5"), (b"MSET", name, b"3"),
            (b"GETEX", name), (b"SWAPDB", b"0", b"1"), (b"MOVE", name, b"1"), (b"SET", name, b"9", b"XX", b"GET"),
        ])
        steps.append(Step(connection, argv))
    return steps + [
        Step(connection, (b"TTL", k), rules.within(2)) for k in dict.fromkeys((name, b"e", b"f"))
    ]


FAMILY.script("a wrong SCAN", wrong_scan)
FAMILY.script("a key falls due", falls_due, weight=0.15)
FAMILY.script("a deadline kept or dropped", changed_in_place)


def alike_idle(duel, step, left, right):
    """Both were looked at just now, or neither was."""
    idle = lambda frame: frame[0] == ":" and int(frame[1]) > 50_000
    return left == right or left[0] == right[0] == ":" and idle(left) == idle(right)


def looks(d, table, connection):
    """Which commands count as a look at a key: it has been idle for long, and then somebody comes."""
    name = key(d)[0]
    touching = generate.step(d, table.draw_queueable(d), connection, wrong=0.02)
    return [Step(connection, (b"RESTORE", name, b"0", d.choice(WHOLE), b"REPLACE", b"IDLETIME", b"100000")), touching,
            Step(connection, (b"OBJECT", b"IDLETIME", name), alike_idle)]


FAMILY.script("looks at idle keys", looks, weight=2)
