"""Publish and subscribe: two subscribers in RESP2 (3, 5), two in RESP3 (4, 6), publishers everywhere.

Every step is fenced, because a message may come to any connection.
Not here: SUBSCRIBE inside MULTI, whose confirmations make EXEC's array one short in RESP3.
"""

from .. import rules
from ..grammar import many, maybe, one_of, pool, raw, value, word
from ..table import Family, Step

FAMILY = Family("pubsub")
command = FAMILY.command

CHANNELS = [b"news", b"sport", b"", b"\x00\xff", b"n*", b"{tag}x"]
GLOBS = [b"*", b"n*", b"?port", b"[ns]*", b"", b"\\*", b"{tag}?"]
channel, glob = pool(CHANNELS), pool(GLOBS)

command("PUBLISH", channel, value, fence=True)
command("SPUBLISH", channel, value, fence=True)
command("PUBSUB CHANNELS", maybe(glob), rule=rules.unordered)
command("PUBSUB NUMSUB", many(channel, 0, 3))
command("PUBSUB NUMPAT")
command("PUBSUB SHARDCHANNELS", maybe(glob), rule=rules.unordered)
command("PUBSUB SHARDNUMSUB", many(channel, 0, 3))
command("PUBSUB HELP", rule=rules.bulks, spoil=False)

SUBSCRIBERS = (3, 4, 5, 6)
SUBSCRIBE = {b"SUBSCRIBE": CHANNELS, b"PSUBSCRIBE": GLOBS, b"SSUBSCRIBE": CHANNELS}
UNSUBSCRIBE = {b"UNSUBSCRIBE": CHANNELS, b"PUNSUBSCRIBE": GLOBS, b"SUNSUBSCRIBE": CHANNELS}


def conversation(d, table, connection):
    """Some subscribe, some publish, some leave; in between what a subscriber may and may not say."""
    steps = []
    add = lambda number, *argv, rule=rules.exact: steps.append(Step(number, argv, rule, fence=True))
    for number in (4, 6):
        if d.chance(0.3):
            add(number, b"HELLO", b"3", rule=rules.hello)
    for _ in range(d.between(3, 9)):
        subscriber = d.choice(SUBSCRIBERS)
        way = d.between(0, 9)
        if way <= 2:
            name = d.choice(list(SUBSCRIBE))
            add(subscriber, name, *[d.choice(SUBSCRIBE[name]) for _ in range(d.between(1, 3))])
        elif way == 3:
            # Leaving everything at once confirms channels in hash order: name them, or have one at most.
            name = d.choice(list(UNSUBSCRIBE))
            add(subscriber, name, *[d.choice(UNSUBSCRIBE[name]) for _ in range(d.between(1, 2))])
        elif way <= 6:
            add(d.choice([0, 1, 2, connection]), d.choice([b"PUBLISH", b"PUBLISH", b"SPUBLISH"]),
                d.choice(CHANNELS), value(d)[0])
        elif way == 7:
            add(subscriber, *d.choice([
                (b"PING",), (b"PING", b"hello"), (b"GET", b"a"), (b"NOSUCH",), (b"SUBSCRIBE",), (b"PING", b"a", b"b"),
                (b"MULTI", b"x"), (b"PUBLISH", b"news", b"from a subscriber"), (b"CLIENT", b"GETNAME"),
                (b"config", b"get"), (b"HELLO",), (b"UNSUBSCRIBE", b"never"),
            ]), rule=rules.hello)
        elif way == 8 and d.chance(0.4):
            add(subscriber, d.choice([b"RESET", b"QUIT"]))
        else:
            add(0, b"PUBSUB", *d.choice([(b"NUMPAT",), (b"NUMSUB", b"news", b"sport"), (b"SHARDNUMSUB", b"news")]))
    return steps


FAMILY.script("a conversation", conversation, weight=2)
