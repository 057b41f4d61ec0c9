"""SORT and SORT_RO over lists, sets and sorted sets, by themselves and by other keys.

The order of a set is nobody's business, so what leaves a set unsorted, or sorts it by texts of which some are
equal, is compared without order.
"""

from .. import rules
from ..grammar import key, many, maybe, number, pool, sequence, shuffled, tagged, word
from ..table import Family, Step

FAMILY = Family("sorting")

patterns = pool([b"w_*", b"w_*", b"h_*->f1", b"h_*->f2", b"*", b"*->f1", b"nosort", b"#", b"w_*->", b"w_*->f->1",
                 b"*_*", b"", b"w_*\x00"])
limit = tagged("LIMIT", sequence(pool([b"0", b"1", b"2", b"-1", b"100", b"9223372036854775807"]),
                                 pool([b"0", b"1", b"3", b"-1", b"100", b"-9223372036854775808"])))


def by_what(d):
    return [b"BY", *patterns(d)]


def loose(duel, step, left, right):
    """Equal, or equal without order where the order is a set's own or among equal texts."""
    if left == right:
        return True
    words = [x.upper() for x in step.argv]
    if b"ALPHA" in words and left[0] == right[0] == "*":
        # Texts are compared up to a NUL, and which of two equal ones comes first is nobody's business.
        left, right = (("*", [(x[0], x[1] and x[1].split(b"\0")[0]) if len(x) > 1 else x for x in frame[1]])
                       for frame in (left, right))
        if left == right:
            return True
    by = [step.argv[at + 1] for at, x in enumerate(step.argv[:-1]) if x.upper() == b"BY"]
    if not by or left[0] != "*" or right[0] != "*" or any(x.upper() == b"LIMIT" for x in step.argv):
        return bool(by) and left[0] == right[0] == "*" and len(left[1]) == len(right[1])
    return sorted(left[1], key=repr) == sorted(right[1], key=repr)


def _play_calm(duel, step):
    """Redis takes an `errno` that any command before has left behind for one of its own number.

    Reading a score sets it to nought.
    """
    oracle, subject = duel.sides
    ask = lambda *argv: oracle.ask(step.connection, *argv)
    ask(b"ZADD", b"peers:scratch", b"XX", b"1", b"a")
    right = subject.ask(step.connection, *step.argv)
    is_sort = len(step.argv) > 1 and step.argv[0].upper() in (b"SORT", b"SORT_RO")
    name = step.argv[1] if is_sort else b""
    if not is_sort or ask(b"TYPE", name)[1] != b"zset":
        return ask(*step.argv), right
    # And it leaves a sorted set behind as a skiplist: it gets a copy to sort. The copy is made a skiplist
    # before, since scores are read as text from a listpack, and a very small one leaves an `errno` again.
    ask(b"COPY", name, b"peers:scratch")
    ask(b"ZADD", b"peers:scratch", b"0", b"x" * 100)
    ask(b"ZREM", b"peers:scratch", b"x" * 100)
    left = ask(step.argv[0], b"peers:scratch", *step.argv[2:])
    ask(b"DEL", b"peers:scratch")
    return left, right


loose.play = _play_calm
options = shuffled(maybe(by_what, 0.35), maybe(limit, 0.3), maybe(sequence(tagged("GET", patterns)), 0.3),
                   maybe(tagged("GET", patterns), 0.1), maybe(word("ASC", "DESC"), 0.5), maybe(word("ALPHA"), 0.6))
FAMILY.command("SORT", key, options, rule=loose, weight=3, queueable=False)
FAMILY.command("SORT_RO", key, options, rule=loose, weight=2, queueable=False)
# Stored: only orders that are everybody's.
stored = shuffled(maybe(limit, 0.3), maybe(tagged("GET", patterns), 0.3), maybe(word("ASC", "DESC"), 0.5),
                  maybe(word("ALPHA"), 0.7), tagged("STORE", key))


def stored_in_order(d, table, connection):
    """Something to sort, and a result that is kept."""
    name = key(d)[0]
    numbers = many(number(-20, 20), 1, 6)(d)
    fill = d.choice([(b"RPUSH", name, *numbers), (b"SADD", name, *numbers),
                     (b"ZADD", name, *[x for n in numbers for x in (b"1", n)])])
    return [Step(connection, fill), Step(connection, (b"SORT", key(d)[0], *stored(d)), loose)]


FAMILY.script("a stored sort", stored_in_order, weight=3)


def sorted_by_keys(d, table, connection):
    """A source of each kind, weights of which some are missing, hashes; then requests over them."""
    source = b"s"
    elements = list(dict.fromkeys(b"%d" % d.between(-9, 30) for _ in range(d.choice([3, 9, 30, 60]))))
    if d.chance(0.2):
        elements.append(d.choice([b"x", b"1.5", b" 7", b"7 ", b"0x10", b"", b"inf", b"nan", b"1e400", b"a\x00b"]))
    kind = d.choice(["list", "set", "zset"])
    fill = {"list": (b"RPUSH", source, *elements), "set": (b"SADD", source, *elements),
            "zset": (b"ZADD", source, *[x for e in elements for x in (b"%d" % d.between(0, 5), e)])}[kind]
    steps = [(b"DEL", source), fill]
    for e in elements:
        if d.chance(0.8):
            steps.append((b"SET", b"w_" + e, b"%d" % d.between(0, 1000)))
        if d.chance(0.8):
            steps.append((b"HSET", b"h_" + e, b"f1", b"%d" % d.between(0, 1000), b"f2", b"v" + e))
    down = lambda: maybe(word("DESC"), 0.5)(d)
    page = lambda: maybe(limit, 0.5)(d)
    asks = [
        [b"SORT", source, *page(), *down()], [b"SORT", source, b"ALPHA", *page(), *down()],
        [b"SORT", source, b"BY", b"w_*", *down(), b"GET", b"#", b"GET", b"w_*", b"GET", b"h_*->f2"],
        [b"SORT_RO", source, b"BY", b"h_*->f1", *page(), *down()],
        [b"SORT", source, b"BY", b"w_*", b"LIMIT", b"1", b"4", *down()],
        [b"SORT", source, b"BY", b"nosort", b"STORE", b"out", *page(), *(down() if kind == "set" else [])],
        [b"LRANGE", b"out", b"0", b"-1"],
        [b"SORT", source, b"BY", b"w_*", b"GET", b"h_*->f2", b"GET", b"no*", b"STORE", b"out"],
        [b"LRANGE", b"out", b"0", b"-1"], [b"SORT", source, b"LIMIT", b"100", b"5", b"STORE", b"out"],
        [b"EXISTS", b"out"], [b"SORT", source, b"BY", b"STORE", b"STORE", b"out"],
        [b"SORT", source, b"GET", b"STORE", b"STORE", b"x", b"STORE", b"out"], [b"EXISTS", b"x", b"out"],
        [b"SORT", source, b"ALPHA", b"STORE", source], [b"TYPE", source],
    ]
    if kind != "set":
        asks.insert(0, [b"SORT", source, b"BY", b"nosort", *page()])
    clear = [(b"DEL", source, b"out", *(p + e for e in elements for p in (b"w_", b"h_")))]
    rule = lambda argv: loose if argv[0].startswith(b"SORT") else rules.exact
    return [Step(connection, tuple(argv), rule(argv)) for argv in steps + asks + clear]


FAMILY.script("a sort by other keys", sorted_by_keys, weight=2)
