"""MULTI, EXEC, DISCARD, WATCH and UNWATCH, over several connections."""

from .. import generate, rules
from ..grammar import key, many
from ..table import Family, Step

FAMILY = Family("transactions")
command = FAMILY.command

# Out of place most of the time, which is the point: EXEC without MULTI, WATCH inside MULTI.
command("EXEC", rule=rules.exec_reply, fence=True, queueable=False, weight=0.4)
command("DISCARD", fence=True, queueable=False, weight=0.4)
command("WATCH", many(key, 1, 2), queueable=False, weight=0.4)
command("UNWATCH", weight=0.4)


def transaction(d, table, connection):
    """WATCH, perhaps a change from elsewhere, MULTI, commands (some wrong), EXEC or DISCARD."""
    steps = []
    add = lambda *argv, **more: steps.append(Step(connection, argv, **more))
    watched = many(key, 1, 2)(d) if d.chance(0.6) else []
    if watched:
        add(b"WATCH", *watched)
        if d.chance(0.2):
            add(b"UNWATCH")
    other = (connection + 1) % 3
    if watched and d.chance(0.5):
        # A change, a touch without change, or a command that fails: only the first breaks the WATCH.
        k = watched[0]
        steps.append(Step(d.choice([other, connection]), d.choice([
            (b"SET", k, b"w"), (b"DEL", k), (b"GET", k), (b"EXPIRE", k, b"10000"), (b"APPEND", k, b""),
            (b"INCR", k), (b"LPUSH", k, b"w"), (b"RENAME", k, b"d"), (b"SADD", k, b"f1"), (b"PERSIST", k),
            (b"FLUSHALL",), (b"FLUSHDB",), (b"SWAPDB", b"0", b"1"), (b"SET", k, b"w", b"NX"), (b"HSET", k, b"f1", b"v"),
            (b"GETEX", k, b"PERSIST"), (b"COPY", b"a", k, b"REPLACE"), (b"SETRANGE", k, b"0", b""),
        ])))
    add(b"MULTI")
    if d.chance(0.1):
        add(*d.choice([(b"MULTI",), (b"WATCH", b"a"), (b"EXEC", b"x"), (b"NOSUCH", b"a"), (b"SUBSCRIBE",)]))
    for _ in range(d.between(0, 4)):
        drawn = generate.step(d, table.draw_queueable(d), connection, wrong=0.08)
        steps.append(drawn)
        if d.chance(0.1) and watched:
            steps.append(Step(other, (b"SET", watched[0], b"late")))
    end = d.random.choices([b"EXEC", b"DISCARD", b"RESET"], (8, 2, 0.5))[0]
    add(end, rule=rules.exec_reply if end == b"EXEC" else rules.exact, fence=True)
    if end == b"RESET":
        pass
    elif d.chance(0.1):
        add(end, rule=rules.exec_reply, fence=True)
    return steps


FAMILY.script("a transaction", transaction, weight=4)
