"""From a seed to the steps of one round.

A round is what is replayed: fresh databases, the same connections, up to `ROUND` commands. Every other
round leans on one family, so that its values grow and its corners are reached; the rest mix all of them.
Connections 0 to 2 do everything but pub/sub: 0 speaks RESP2, 1 RESP3, 2 what it likes. Connections 3
to 6 belong to scripts that need others (`families/pubsub.py`).
Invariant: steps depend on the seed, the count and the table only, never on a reply.
"""

from .grammar import Draw
from .rules import hello
from .table import Command, Script, Step
from .wrong import spoil

ROUND = 1000
DATA_CONNECTIONS = (0, 1, 2)
WRONG = 0.14


def steps(table, seed, count):
    """The steps of the round `seed`."""
    d = Draw(seed)
    out = [Step(1, (b"HELLO", b"3"), hello), Step(2, (b"HELLO", d.choice([b"2", b"3"])), hello)]
    families = [family for family in table.families if family.entries]
    lean = d.choice(families) if d.chance(0.5) else None
    while len(out) < count:
        family = lean if lean and d.chance(0.7) else d.choice(families)
        entry = d.random.choices(family.entries, [entry.weight for entry in family.entries])[0]
        connection = d.random.choices(DATA_CONNECTIONS, (5, 4, 2))[0]
        if isinstance(entry, Script):
            out += entry.steps(d, table, connection)
        else:
            out.append(step(d, entry, connection))
    return out[:count]


def step(d, command: Command, connection, wrong=WRONG):
    """One request of `command`, at times made wrong on purpose."""
    words = command.words
    argv = list(words) + command.arguments(d)
    spoiled = command.spoil and d.chance(wrong)
    if spoiled:
        argv = spoil(d, argv, len(words))
    if d.chance(0.1):
        argv[0] = bytes(c ^ 0x20 if d.chance(0.5) else c for c in argv[0])
    return Step(connection, tuple(argv), command.rule, command.fence)
