"""Reads a whole keyspace, and finds the first place where two of them differ.

A dump is {(database, key): (type, encoding, value, TTL in ms)}; values of unordered types are sorted.
A type that has no reader here is dumped by its name alone.
"""

import resp

from . import rules

READERS = {
    b"string": lambda call, key: call("GET", key),
    b"list": lambda call, key: call("LRANGE", key, 0, -1),
    b"set": lambda call, key: ("*", sorted(call("SMEMBERS", key)[1] or [])),
    b"hash": lambda call, key: _pairs(call("HGETALL", key)),
    b"zset": lambda call, key: rules.numbers(call("ZRANGE", key, 0, -1, "WITHSCORES")),
    b"stream": lambda call, key: call("XRANGE", key, "-", "+"),
}
TTL_TOLERANCE_MS = 2500


def _pairs(frame):
    items = frame[1] or []
    return ("*", sorted(zip(items[::2], items[1::2])))


def read(connection, databases=16):
    found = {}
    for database in range(databases):
        if connection.call("SELECT", database) != resp.OK:
            break
        for name in connection.call("KEYS", "*")[1] or []:
            key = name[1]
            kind = connection.call("TYPE", key)[1]
            reader = READERS.get(kind)
            value = reader(connection.call, key) if reader else None
            ttl = connection.call("PTTL", key)
            found[database, key] = (kind, value, int(ttl[1]) if ttl[0] == ":" else ttl)
    return found


def first_difference(left, right):
    """(left text, right text, where) of the first key that differs, or None."""
    for place in sorted(left.keys() | right.keys()):
        a, b = left.get(place), right.get(place)
        if a is not None and b is not None and a[:2] == b[:2] and _near(a[2], b[2]):
            continue
        database, key = place
        return _text(a), _text(b), f"the keyspaces, database {database}, key {resp.quote(key)}"
    return None


def _near(a, b):
    if not isinstance(a, int) or not isinstance(b, int):
        return a == b
    return a == b or (a > 0 and b > 0 and abs(a - b) <= TTL_TOLERANCE_MS)


def _text(entry):
    if entry is None:
        return "(no such key)"
    kind, value, ttl = entry
    return f"{kind.decode()} {value if isinstance(value, list) else value!r:.300} ttl {ttl}"
