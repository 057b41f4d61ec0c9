"""How the two answers to DUMP are compared: each server restores what the other one dumped.

The payloads themselves may differ (order in a hash table, compression); what they mean may not.
"""

import resp

from . import dump

# No generator draws it.
KEY = b"what the other one dumped"


def facts(call, key):
    """All that can be read of a value: its type and what the type's reader says."""
    kind = call("TYPE", key)[1]
    if kind == b"stream":
        return kind, _stable(call("XINFO", "STREAM", key, "FULL", "COUNT", 0))
    reader = dump.READERS.get(kind)
    return kind, reader(call, key) if reader else None


def _stable(frame):
    """XINFO without how a stream lies in memory and what only one version tells."""
    if frame[0] != "*" or frame[1] is None:
        return frame
    items, out = list(frame[1]), []
    while items:
        item = items.pop(0)
        if item in (("$", b"radix-tree-keys"), ("$", b"radix-tree-nodes"), ("$", b"active-time")) and items:
            items.pop(0)
        else:
            out.append(_stable(item))
    return ("*", out)


def crossed(duel, step, left, right):
    return left == right


def _play(duel, step):
    replies = [side.ask(step.connection, *step.argv) for side in duel.sides]
    if any(reply[0] != "$" or reply[1] is None for reply in replies):
        return replies
    seen = []
    for side, reply in zip(duel.sides, reversed(replies)):
        restored = side.control.call("RESTORE", KEY, 0, reply[1])
        seen.append(restored if restored != resp.OK else ("=", repr(_meaning(side.control.call)).encode()))
        side.control.call("DEL", KEY)
    return seen


def _meaning(call):
    """What must be equal, though both servers were asked at different times. The streams' family says what of a
    stream is: not when consumers were seen, nor those with nothing pending."""
    kind, said = facts(call, KEY)
    if kind == b"stream":
        from .families.streams import stream_meaning
        said = stream_meaning(said)
    return kind, said


crossed.play = _play
