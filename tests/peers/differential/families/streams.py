"""Streams: entries, trimming, groups and what XINFO says of them.

Ids are given, not drawn from the clock, which the two servers do not share: `*` stands only where the
last id is of a far future, so that the next one follows from it. Idle times are set (XCLAIM IDLE) or
asked for as nothing at all or as very long. Not compared: times; `radix-tree-nodes`, which depends on
how a radix tree shares its prefixes; consumers with nothing pending, which 7.2 makes in more cases.
"""

from .. import rules
from ..grammar import key, many, maybe, number, one_of, pool, raw, sequence, shuffled, tagged, value, word
from ..table import Family, Step

FAMILY = Family("streams")
command = FAMILY.command

OWN = {b"idle", b"inactive", b"seen-time", b"active-time", b"radix-tree-nodes"}


def pairs(frame):
    """The pairs of a map, or of the array that stands for one in RESP2; None if it is neither."""
    if frame[0] == "%":
        return [(k, v) for k, v in frame[1]]
    items = frame[1] if frame[0] == "*" else None
    if items and len(items) % 2 == 0 and all(k[0] == "$" for k in items[::2]):
        return list(zip(items[::2], items[1::2]))
    return None


def _consumers(frame):
    """Consumers with something pending, without their times."""
    kept = []
    for consumer in frame[1] or []:
        told = {k[1]: v for k, v in pairs(consumer) or []}
        if told.get(b"pending") == (":", b"0") or told.get(b"pel-count") == (":", b"0"):
            continue
        if told.get(b"pending", (":",))[0] == "*":
            told[b"pending"] = [(x[1][0], x[1][2]) for x in told[b"pending"][1]]
        kept.append(sorted((k, v) for k, v in told.items() if k not in OWN))
    return kept


def _group(frame):
    told = {k[1]: v for k, v in pairs(frame) or []}
    if told.get(b"pending", (":",))[0] == "*":
        told[b"pending"] = [(x[1][0], x[1][1], x[1][3]) for x in told[b"pending"][1]]
    told[b"consumers"] = _consumers(told[b"consumers"]) if told[b"consumers"][0] == "*" else None
    return sorted(told.items(), key=lambda item: item[0])


def stream_meaning(frame):
    told = {k[1]: v for k, v in pairs(frame) or []}
    if b"length" not in told:
        return frame
    if told.get(b"groups", (":",))[0] == "*":
        told[b"groups"] = [_group(group) for group in told[b"groups"][1] or []]
    return sorted(((k, v) for k, v in told.items() if k not in OWN), key=lambda item: item[0])


def _pending(frame):
    if frame[0] != "*" or not frame[1] or frame[1][0][0] != "*":
        return frame
    return [(x[1][0], x[1][1], x[1][3]) for x in frame[1]]


stream_info = rules.normal(stream_meaning)
group_info = rules.normal(lambda f: [_group(g) for g in f[1] or []] if f[0] == "*" else f)
consumer_info = rules.normal(lambda f: _consumers(f) if f[0] == "*" else f)
pending_rule = rules.normal(_pending)
made = rules.normal(lambda f: ":" if f in ((":", b"0"), (":", b"1")) else f)

GROUPS = [b"g1", b"g1", b"g1", b"g2", b"\x00g\r\n"]
CONSUMERS = [b"c1", b"c1", b"c2", b"", b"\xff\r\n"]
ODD_IDS = [b"0", b"0-0", b"18446744073709551615-18446744073709551615", b"18446744073709551615", b"5-18446744073709551615",
           b"007-01", b"1--05", b" 3", b"+2-+1", b"3-", b"-3", b"x", b"3-x", b"1-1-1", b"18446744073709551616-0",
           b"3-1\x00x", b"1" * 130]
MARKS = [b"-", b"+", b"$", b">", b"*", b"3-*"]


def small_id(d):
    return [b"%d-%d" % (d.between(0, 9), d.between(0, 3))]


def short_id(d):
    return [b"%d" % d.between(0, 10)]


identity = one_of(small_id, small_id, small_id, small_id, short_id, pool(ODD_IDS))
any_id = one_of(identity, identity, identity, pool(MARKS))
group = pool(GROUPS)
consumer = pool(CONSUMERS)


def new_id(d):
    """Mostly above what is there, at times the next one of its millisecond."""
    if d.chance(0.25):
        return [b"%d-*" % d.between(0, 12)]
    return [b"%d-%d" % (d.between(0, 12), d.between(0, 4))] if d.chance(0.9) else one_of(identity, raw("-"), raw("+"), raw(">"))(d)


def end(d):
    mark = d.choice([b"", b"", b"", b"("])
    return [mark + one_of(identity, pool([b"-", b"+"]))(d)[0]]


two_ends = one_of(raw("-", "+"), raw("+", "-"), sequence(end, end))
count = tagged("COUNT", pool([b"1", b"2", b"3", b"0", b"-1", b"100", b"9223372036854775807"]))
names = pool([b"a", b"b", b"c", b"", b"12"])
entry = one_of(sequence(raw("a"), value, raw("b"), value), sequence(names, value), many(sequence(names, value), 1, 4))
exactness = one_of(raw(), raw("="), raw("~"), raw("~"))
strategy = one_of(
    sequence(word("MAXLEN"), exactness, pool([b"0", b"1", b"2", b"3", b"5", b"20", b"-1", b"9223372036854775807"])),
    sequence(word("MINID"), exactness, any_id))
limit = tagged("LIMIT", pool([b"0", b"1", b"3", b"100", b"-1", b"20000"]))

# Nothing is made of the clock: an id must stand where it belongs.
command("XADD", key, shuffled(maybe(word("NOMKSTREAM"), 0.1), maybe(strategy, 0.15), maybe(limit, 0.03)), new_id,
        entry, weight=9, spoil=False)
command("XLEN", key)
command("XRANGE", key, two_ends, maybe(count), weight=2)
command("XREVRANGE", key, two_ends, maybe(count), weight=2)
command("XDEL", key, many(identity, 1, 3), weight=1.5)
command("XTRIM", key, shuffled(strategy, maybe(limit, 0.2)), weight=0.7)


def streams_of(choices):
    def draw(d):
        wanted = d.choice([1, 1, 1, 1, 2, 3])
        return [b"STREAMS", *many(key, wanted, wanted)(d), *many(choices, wanted, wanted)(d)]
    return draw


# Waiting is for the scripts: in a transaction BLOCK does nothing.
command("XREAD", maybe(count), streams_of(one_of(identity, identity, any_id)), weight=2)
command("XREADGROUP", raw("GROUP"), group, consumer, shuffled(maybe(count), maybe(word("NOACK"), 0.15)),
        streams_of(one_of(raw(">"), raw(">"), raw(">"), identity, any_id)), weight=4)
command("XACK", key, group, many(identity, 1, 4), weight=1.5)

idle = pool([b"0", b"0", b"-1", b"1000000", b"100000000"])
how_many = pool([b"10", b"10", b"1", b"0", b"-1", b"9223372036854775807"])
# No wrong variants: another number could be taken for an idle time that has just passed or not.
command("XPENDING", key, group, maybe(
    sequence(maybe(tagged("IDLE", idle), 0.3), two_ends, how_many, maybe(consumer)), 0.7),
    rule=pending_rule, weight=2, spoil=False)
claim_options = shuffled(
    maybe(tagged("IDLE", pool([b"2000000", b"0", b"-5", b"200000000"])), 0.2),
    maybe(tagged("TIME", pool([b"1000000", b"-1", b"0", b"9223372036854775807"])), 0.1),
    maybe(tagged("RETRYCOUNT", pool([b"0", b"7", b"-1", b"9223372036854775807"])), 0.2),
    maybe(word("FORCE"), 0.3), maybe(word("JUSTID"), 0.3), maybe(tagged("LASTID", small_id), 0.1))
command("XCLAIM", key, group, consumer, idle, many(small_id, 1, 4), claim_options, weight=2, spoil=False)
command("XAUTOCLAIM", key, group, consumer, idle, one_of(raw("-"), raw("0"), end), shuffled(
    maybe(tagged("COUNT", pool([b"1", b"2", b"3", b"100"]))), maybe(word("JUSTID"), 0.3)), weight=1.5, spoil=False)

command("XGROUP CREATE", key, group, one_of(identity, raw("$"), raw("0"), raw("0"), any_id), shuffled(
    maybe(word("MKSTREAM"), 0.5), maybe(tagged("ENTRIESREAD", pool([b"0", b"3", b"-1", b"-2"])), 0.2)), weight=2)
command("XGROUP SETID", key, group, one_of(identity, raw("$"), any_id),
        maybe(tagged("ENTRIESREAD", pool([b"0", b"3", b"-1", b"-2"])), 0.2), weight=0.7)
command("XGROUP DESTROY", key, group, weight=0.3)
command("XGROUP CREATECONSUMER", key, group, consumer, rule=made, weight=0.5)
command("XGROUP DELCONSUMER", key, group, consumer, weight=0.4)
command("XGROUP HELP", weight=0.1)
command("XINFO STREAM", key, maybe(sequence(word("FULL"), maybe(
    tagged("COUNT", pool([b"1", b"2", b"0", b"-1", b"100"])))), 0.6), rule=stream_info, weight=2)
command("XINFO GROUPS", key, rule=group_info, weight=1.5)
command("XINFO CONSUMERS", key, group, rule=consumer_info, weight=1.5)
command("XINFO HELP", weight=0.1)


def ask(connection, *argv, rule=rules.exact):
    return Step(connection, tuple(a if isinstance(a, bytes) else str(a).encode() for a in argv), rule)


def everything(connection, name):
    """All that there is to know of a stream."""
    return [
        ask(connection, "XINFO", "STREAM", name, "FULL", "COUNT", 0, rule=stream_info),
        ask(connection, "XINFO", "GROUPS", name, rule=group_info),
        ask(connection, "XRANGE", name, "-", "+"), ask(connection, "XREVRANGE", name, "+", "-"),
    ]


def fresh_stream(d, table, connection):
    """A new stream with a group or two that have read some of it."""
    name = key(d)[0]
    steps = [ask(connection, "DEL", name)]
    if d.chance(0.3):
        steps.append(ask(connection, "XGROUP", "CREATE", name, GROUPS[0], "$", "MKSTREAM"))
    for ms in range(1, d.between(3, 12)):
        steps.append(ask(connection, "XADD", name, "%d-%d" % (ms, d.between(0, 2)), *entry(d)))
    for own in GROUPS[2:4]:
        steps.append(ask(connection, "XGROUP", "CREATE", name, own, d.choice([b"0", b"$", b"3"])))
        steps.append(ask(connection, "XREADGROUP", "GROUP", own, consumer(d)[0], "COUNT", d.between(1, 5),
                         "STREAMS", name, ">"))
    if d.chance(0.5):
        steps.append(ask(connection, "XDEL", name, *many(small_id, 1, 6)(d)))
    return steps + everything(connection, name)


def next_ids(d, table, connection):
    """`*` where the clock does not matter, up to the last id of all."""
    name = key(d)[0]
    last = d.choice([b"8000000000000-5", b"8000000000000-18446744073709551614", b"18446744073709551615-18446744073709551613"])
    add = lambda: ask(connection, "XADD", name, d.choice([b"*", b"*", b"8000000000000-*"]), "a", "1")
    return [
        ask(connection, "DEL", name), ask(connection, "XADD", name, last, "a", "1"),
        *(add() for _ in range(4)), ask(connection, "XADD", name, "MAXLEN", "2", "*", "a", "1"),
        ask(connection, "XRANGE", name, "-", "+"), ask(connection, "DEL", name),
    ]


def set_ids(d, table, connection):
    """XSETID, and what it does to what is told of groups. Not below what was removed: 7.2 refuses it."""
    name = key(d)[0]
    steps = fresh_stream(d, table, connection)
    name = steps[0].argv[1]
    for _ in range(d.between(1, 4)):
        options = shuffled(maybe(tagged("ENTRIESADDED", pool([b"0", b"5", b"100", b"-1", b"9223372036854775807"]))),
                           maybe(tagged("MAXDELETEDID", small_id)))
        steps.append(ask(connection, "XSETID", name, d.choice([b"13-0", b"14", b"13-5", b"x", b"20-*"]), *options(d)))
        steps += everything(connection, name)[:2]
        steps.append(ask(connection, "XREADGROUP", "GROUP", GROUPS[2], b"c1", "COUNT", 1, "STREAMS", name, ">"))
    return steps + everything(connection, name)


def blocks(d, table, connection):
    """More than one block, full by number or by bytes: `~` trims by them, and XINFO counts them."""
    name = key(d)[0]
    pool_of_values = d.choice([
        [b"1"], [b"v" * 10, b"v" * 40], [b"%d" % n for n in (-1, 127, 128, 4095, 4096, 70000, 2**40)],
        [b"v" * 62, b"v" * 63, b"v" * 64, b"v" * 126, b"v" * 127], [b"v" * 300, b"v" * 1000, b"v" * 3000, b"7"],
        [b"v" * 4090, b"v" * 4000, b"v" * 5000, b""], [b"v" * 20000, b"1"],
    ])
    names_of = d.choice([[b"a"], [b"a", b"b"], [b"temperature", b"12", b"-300"]])
    steps, ms, seq, made_ids = [ask(connection, "DEL", name)], 0, d.choice([0, 5, 2**40]), []
    for number in range(d.choice([30, 120, 230, 330])):
        if d.chance(0.4):
            seq += d.choice([1, 1, 200, 2**33])
        else:
            ms, seq = ms + d.choice([1, 1, 5, 127, 5000, 2**25]), d.choice([0, 0, 3])
        own = names_of if d.chance(0.9) else d.choice([[b"a"], [b"b", b"a"]])
        made_ids.append(b"%d-%d" % (ms, seq))
        steps.append(ask(connection, "XADD", name, made_ids[-1], *[x for n in own for x in (n, d.choice(pool_of_values))]))
        if d.chance(0.04):
            steps.append(ask(connection, "XDEL", name, d.choice(made_ids)))
    inform = ask(connection, "XINFO", "STREAM", name, rule=stream_info)
    steps.append(inform)
    for _ in range(8):
        steps.append(ask(connection, "XDEL", name, *(d.choice(made_ids) for _ in range(30))))
        bound = d.choice([[b"MAXLEN", b"~", b"%d" % d.between(0, len(made_ids))], [b"MINID", b"~", d.choice(made_ids)],
                          [b"MINID", b"=", made_ids[d.between(0, len(made_ids) // 2)]],
                          [b"MAXLEN", b"%d" % d.between(50, 250)]])
        at_most = [b"LIMIT", d.choice([b"0", b"99", b"100", b"150", b"250"])] if b"~" in bound and d.chance(0.4) else []
        steps += [ask(connection, "XTRIM", name, *bound, *at_most), inform]
    ms += 1
    for number in range(20):
        steps.append(ask(connection, "XADD", name, "MAXLEN", "~", d.between(0, 60), "%d-%d" % (ms, number), "a", number))
    return steps + everything(connection, name) + [ask(connection, "DEL", name)]


def wrong(d, table, connection):
    """What must be refused, in Redis's words and order."""
    key_, g = key(d)[0], group(d)[0]
    odd = one_of(identity, pool(MARKS))
    return [ask(connection, *d.choice([
        (b"XADD", key_), (b"XADD", key_, b"1-1"), (b"XADD", key_, b"1-1", b"a"), (b"XADD", key_, b"MAXLEN", b"1"),
        (b"XADD", key_, b"MAXLEN", b"x", b"1-1", b"a", b"1"), (b"XADD", key_, b"MAXLEN", b"~", b"1-1", b"a", b"1"),
        (b"XADD", key_, b"MAXLEN", b"=", b"-1", b"1-1", b"a", b"1"), (b"XADD", key_, b"LIMIT", b"5", b"1-1", b"a", b"1"),
        (b"XADD", key_, b"LIMIT", b"0", b"1-1", b"a", b"1"), (b"XADD", key_, b"MAXLEN", b"5", b"LIMIT", b"5", b"1-1", b"a", b"1"),
        (b"XADD", key_, b"MAXLEN", b"5", b"LIMIT", b"0", b"1-1", b"a", b"1"), (b"XADD", key_, b"0-0", b"a", b"1"),
        (b"XADD", key_, b"MINID", b"x", b"1-1", b"a", b"1"), (b"XADD", key_, b"MAXLEN", b"1", b"MINID", b"1", b"1-1", b"a", b"1"),
        (b"XADD", key_, *odd(d), b"a"), (b"XADD", key_, b"NOMKSTREAM", b"NOMKSTREAM", b"1-1", b"a"),
        (b"XADD", key_, b"+", b"a", b"1"), (b"XADD", key_, b"0-*", b"a"), (b"XADD", key_, b"FOO", b"1-1", b"a", b"1"),
        (b"XCLAIM", key_, g, b"c1", b"x", b"1-1"), (b"XCLAIM", key_, g, b"c1", b"0", b"x"), (b"XCLAIM", key_, g, b"c1", b"0"),
        (b"XCLAIM", key_, g, b"c1", b"0", b"1-1", b"IDLE"), (b"XCLAIM", key_, g, b"c1", b"0", b"1-1", b"IDLE", b"x"),
        (b"XCLAIM", key_, g, b"c1", b"0", b"1-1", b"TIME", b"x"), (b"XCLAIM", key_, g, b"c1", b"0", b"1-1", b"RETRYCOUNT", b"x"),
        (b"XCLAIM", key_, g, b"c1", b"0", b"1-1", b"LASTID", b"-"), (b"XCLAIM", key_, g, b"c1", b"0", b"1-1", b"JUSTID", b"2-2"),
        (b"XAUTOCLAIM", key_, g, b"c1", b"x", b"0"), (b"XAUTOCLAIM", key_, g, b"c1", b"0", b"x"),
        (b"XAUTOCLAIM", key_, g, b"c1", b"0", b"0", b"COUNT"), (b"XAUTOCLAIM", key_, g, b"c1", b"0", b"0", b"COUNT", b"0"),
        (b"XAUTOCLAIM", key_, g, b"c1", b"0", b"0", b"COUNT", b"9223372036854775807"), (b"XAUTOCLAIM", key_, g, b"c1", b"0"),
        (b"XAUTOCLAIM", key_, g, b"c1", b"0", b"(18446744073709551615-18446744073709551615"),
        (b"XPENDING", key_), (b"XPENDING", key_, g, b"-"), (b"XPENDING", key_, g, b"-", b"+"), (b"XPENDING", key_, g, b"-", b"+", b"x"),
        (b"XPENDING", key_, g, b"IDLE", b"0", b"-", b"+"), (b"XPENDING", key_, g, b"IDLE", b"x", b"-", b"+", b"1"),
        (b"XPENDING", key_, g, b"x", b"+", b"1"), (b"XPENDING", key_, g, b"-", b"(0-0", b"1"), (b"XPENDING", key_, g, *[b"1"] * 7),
        (b"XREAD", b"COUNT", b"1", b"STREAMS", key_), (b"XREAD", b"BLOCK", b"-1", b"STREAMS", key_, b"0"),
        (b"XREAD", b"BLOCK", b"x", b"STREAMS", key_, b"0"), (b"XREAD", b"GROUP", g, b"c1", b"STREAMS", key_, b"0"),
        (b"XREAD", b"NOACK", b"STREAMS", key_, b"0"), (b"XREAD", b"FOO", b"STREAMS", key_, b"0"), (b"XREAD", b"COUNT", b"1", key_, b"0"),
        (b"XREADGROUP", b"GROUP", g, b"c1", b"STREAMS", key_), (b"XREADGROUP", b"NOACK", b"COUNT", b"1", b"STREAMS", key_, b">"),
        (b"XREADGROUP", b"GROUP", g, b"c1", b"COUNT", b"x", b"STREAMS", key_, b">"), (b"XREADGROUP", b"GROUP", g, b"c1", b"FOO", key_, b">"),
        (b"XREADGROUP", b"COUNT", b"1", b"NOACK", b"GROUP", g, b"c1", b"STREAMS", key_, b">"),
        (b"XGROUP", b"CREATE", key_, g), (b"XGROUP", b"CREATE", key_, g, b"0", *[b"MKSTREAM"] * 4),
        (b"XGROUP", b"FOO", key_, g), (b"XGROUP",), (b"XINFO",), (b"XINFO", b"FOO", key_), (b"XINFO", b"STREAM", key_, b"FOO"),
        (b"XINFO", b"STREAM", key_, b"FULL", b"COUNT"), (b"XINFO", b"STREAM", key_, b"FULL", b"COUNT", b"x"),
        (b"XSETID", key_), (b"XSETID", key_, b"x"), (b"XSETID", key_, b"13-0", b"FOO"), (b"XSETID", key_, b"13-0", b"ENTRIESADDED"),
        (b"XSETID", key_, b"13-0", b"ENTRIESADDED", b"x"), (b"XSETID", key_, b"13-0", b"MAXDELETEDID", b"14-0"),
    ])) for _ in range(4)]


def waiting(d, table, connection):
    """Calls that wait: connection 4 writes, 5 and 6 wait. In the end nobody does."""
    name, other = d.choice([b"a", b"b", b"c"]), b"{tag}g"
    one, two = 5, 6
    step = lambda n, *argv, **more: Step(n, tuple(str(a).encode() if isinstance(a, int) else
                                                  a if isinstance(a, bytes) else a.encode() for a in argv), fence=True, **more)
    steps = [step(n, "RESET") for n in (4, one, two)] + [step(4, "DEL", name, other)]
    if d.chance(0.5):
        steps += [step(n, "HELLO", "3", rule=rules.hello) for n in (one, two) if d.chance(0.5)]

    def add(*ids):
        """One by one, or all in a transaction, at times with what does not count between them."""
        lines = [("XADD", name, id_, "f", d.choice([b"1", b"v"])) for id_ in ids]
        # Never the last one: 7.0 then answers that there is nothing, 7.2 goes on waiting.
        if len(ids) > 1 and d.chance(0.3):
            lines.insert(d.between(1, len(lines)), ("XDEL", name, ids[0]))
        if d.chance(0.4):
            return [step(4, "MULTI"), *(step(4, *line) for line in lines), step(4, "EXEC")]
        return [step(4, *line) for line in lines]

    # A call that waits answers nothing, so only time tells that it has come to another thread.
    settle = lambda: [step(4, "PING", pause_ms=8)]
    count_of = lambda: ["COUNT", d.between(1, 3)] if d.chance(0.5) else []
    if d.chance(0.5):
        steps += add("1-1")
    steps += [step(one, "XREAD", *count_of(), "BLOCK", 0, "STREAMS", name, d.choice(["$", "2-5", "1-1"])),
              *settle(), step(two, "XREAD", "BLOCK", 0, *count_of(), "STREAMS", other, name, "0", "$"), *settle()]
    if d.chance(0.3):
        steps += [step(4, "DEL", name)] + ([step(4, "SET", name, "x"), step(4, "DEL", name)] if d.chance(0.5) else [])
    steps += add("2-3", "2-4") + add("3-0", "3-1")
    if d.chance(0.1):
        steps += [step(one, "XREAD", "BLOCK", 20, "STREAMS", name, "$"), step(one, "PING", pause_ms=60)]
    steps += [step(4, "XGROUP", "CREATE", name, "g1", "$"), step(4, "XGROUP", "CREATECONSUMER", name, "g1", "c1"),
              step(4, "XGROUP", "CREATECONSUMER", name, "g1", "c2")]
    no_ack = ["NOACK"] if d.chance(0.2) else []
    read = lambda n, consumer_, *options: step(n, "XREADGROUP", "GROUP", "g1", consumer_, *options, "BLOCK", 0, *no_ack,
                                               "STREAMS", name, ">")
    steps += [read(one, "c1", *count_of()), *settle(), read(two, "c2", *count_of()), *settle()]
    steps += add("4-0", "4-1") + add("5-0") + add("6-0", "6-1", "6-2")
    ask_all = [step(4, "XINFO", "GROUPS", name, rule=group_info), step(4, "XPENDING", name, "g1"),
               step(4, "XINFO", "STREAM", name, "FULL", rule=stream_info)]
    return steps + ask_all + [step(4, "DEL", name)]


FAMILY.script("waiting for a stream", waiting, weight=0.4)
FAMILY.script("a fresh stream", fresh_stream, weight=1.5)
FAMILY.script("ids that follow", next_ids, weight=0.4)
FAMILY.script("XSETID", set_ids, weight=0.4)
FAMILY.script("blocks of a stream", blocks, weight=0.25)
FAMILY.script("a wrong stream command", wrong, weight=1.5)
