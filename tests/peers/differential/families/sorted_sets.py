"""Sorted sets: scores, ranges of three sorts, pops, pages, algebra.

Redis 7.0 prints scores with 17 digits, 7.2 with as few as it takes: `rules.scores` compares the numbers.
Ranges by member are asked only of sorted sets whose scores are all equal: of others Redis promises nothing,
and its answer depends on the encoding.
"""

from .. import rules
from ..grammar import (
    field, float_, index, key, many, maybe, number, one_of, pattern, pool, raw, sequence, shuffled, tagged, word,
)
from ..table import Family, Step
from .sets import counted_keys, limit

FAMILY = Family("sorted_sets")


def command(name, *arguments, rule=rules.scores, **options):
    FAMILY.command(name, *arguments, rule=rule, **options)



NUMBERS = [b"0", b"1", b"-1.5", b"3.0e3", b".5", b"5.", b"0.25", b"-0", b"inf", b"-inf", b"+inf", b"1.5e2",
           b"9007199254740992", b"1e15", b"Infinity", b"007", b"+2", b"1e-400"]
score = one_of(pool(NUMBERS), float_, number(-5, 5))
weight = one_of(pool([b"0", b"0.5", b"-1", b"2", b"inf", b"-inf"]), number(-2, 3))


def end_of_scores(d):
    return [d.choice([b"", b"", b"("]) + score(d)[0]]


end_of_names = pool([b"-", b"+", b"[f1", b"(f1", b"[f3", b"(f3", b"[", b"(", b"[f", b"(m1", b"[m2", b"[x", b"x"])
two_scores = one_of(sequence(end_of_scores, end_of_scores), raw("-inf", "+inf"), raw("+inf", "-inf"))
two_names = one_of(sequence(end_of_names, end_of_names), raw("-", "+"), raw("+", "-"))
page = maybe(sequence(raw("LIMIT"), pool([b"0", b"1", b"3", b"-1"]), pool([b"0", b"1", b"2", b"-1", b"100"])), 0.4)
with_scores = maybe(word("WITHSCORES"), 0.5)

command("ZADD", key, shuffled(
    maybe(word("NX", "XX"), 0.25), maybe(word("GT", "LT"), 0.25), maybe(word("CH"), 0.3),
    maybe(word("INCR"), 0.2)), many(sequence(score, field), 1, 3), weight=6)
command("ZINCRBY", key, score, field, weight=2)
command("ZREM", key, many(field, 1, 3))
command("ZPOPMIN", key, maybe(one_of(number(0, 4), pool([b"-1", b"9223372036854775807"])), 0.5), weight=2)
command("ZPOPMAX", key, maybe(one_of(number(0, 4), pool([b"-1", b"9223372036854775807"])), 0.5))
command("ZMPOP", counted_keys, word("MIN", "MAX"), maybe(tagged("COUNT", pool([b"0", b"1", b"2", b"100"]))))
command("ZCARD", key)
command("ZSCORE", key, field, weight=2)
command("ZMSCORE", key, many(field, 1, 4))
# Without variants that have a word too many: 7.2 has WITHSCORE there, 7.0 another error.
command("ZRANK", key, field, spoil=False)
command("ZREVRANK", key, field, spoil=False)
command("ZCOUNT", key, two_scores)
command("ZRANGE", key, one_of(
    sequence(index, index, shuffled(maybe(word("REV")), with_scores)),
    sequence(two_scores, shuffled(raw("BYSCORE"), maybe(word("REV")), page, with_scores))), weight=5)
command("ZRANGESTORE", key, key, one_of(
    sequence(index, index, maybe(word("REV"))),
    sequence(two_scores, shuffled(raw("BYSCORE"), maybe(word("REV")), page))), weight=2)
command("ZREVRANGE", key, index, index, with_scores)
command("ZRANGEBYSCORE", key, two_scores, shuffled(page, with_scores))
command("ZREVRANGEBYSCORE", key, two_scores, shuffled(page, with_scores))
command("ZREMRANGEBYRANK", key, index, index, weight=0.5)
command("ZREMRANGEBYSCORE", key, end_of_scores, end_of_scores, weight=0.5)


def weights(d):
    return [b"WEIGHTS", *many(weight, 1, 3)(d)]


aggregate = tagged("AGGREGATE", word("SUM", "MIN", "MAX"))
command("ZUNION", counted_keys, shuffled(maybe(weights), maybe(aggregate), with_scores))
command("ZINTER", counted_keys, shuffled(maybe(weights), maybe(aggregate), with_scores))
command("ZDIFF", counted_keys, with_scores)
command("ZINTERCARD", counted_keys, limit)
command("ZUNIONSTORE", key, counted_keys, shuffled(maybe(weights), maybe(aggregate)))
command("ZINTERSTORE", key, counted_keys, shuffled(maybe(weights), maybe(aggregate)))
command("ZDIFFSTORE", key, counted_keys)


def drawn(duel, step, left, right):
    """ZRANDMEMBER: members, as many as Redis gives, with their scores; none twice where Redis gives none twice."""
    left, right = rules.numbers(left), rules.numbers(right)
    if left == right:
        return True
    ask = lambda side, *argv: side.ask(step.connection, *argv)
    if left[0] == right[0] == "$":
        return all(ask(side, b"ZSCORE", step.argv[1], reply[1])[1] is not None
                   for side, reply in zip(duel.sides, (left, right)))
    if left[0] != "*" or right[0] != "*" or len(left[1] or []) != len(right[1] or []):
        return False
    scored = (b"WITHSCORES",) if len(step.argv) > 3 else ()
    known, given = rules.numbers(ask(duel.sides[0], b"ZRANGE", step.argv[1], b"0", b"-1", *scored))[1], right[1]
    if scored and given[0][0] != "*":
        known, given = (list(zip(x[::2], x[1::2])) for x in (known, given))
    twice = step.argv[2].startswith(b"-")
    kinds = [x[0] for x in left[1]] == [x[0] for x in right[1]]
    return kinds and all(x in known for x in given) and (twice or len(set(map(repr, given))) == len(given))


command("ZRANDMEMBER", key, maybe(sequence(number(-6, 12), with_scores), 0.7), rule=drawn, queueable=False,
        spoil=False)


def pages(duel, step, left, right):
    """ZSCAN: a whole iteration gives the same members with the same scores, whatever the pages are."""
    return left == right


def _play_pages(duel, step):
    results = []
    for side in duel.sides:
        seen, cursor = set(), b"0"
        for _ in range(10_000):
            reply = side.ask(step.connection, *step.argv[:2], cursor, *step.argv[3:])
            if reply[0] != "*":
                results.append(reply)
                break
            cursor, items = reply[1][0][1], reply[1][1][1]
            seen |= set(zip(items[::2], items[1::2]))
            if cursor == b"0":
                results.append(rules.numbers(("*", [x for pair in sorted(seen) for x in pair])))
                break
        else:
            results.append(("-", b"(the harness: the iteration does not end)"))
    return results


pages.play = _play_pages
options = shuffled(maybe(tagged("MATCH", pattern)), maybe(tagged("COUNT", pool([b"1", b"10", b"1000", b"0"]))))
command("ZSCAN", key, pool([b"0"]), options, rule=pages, queueable=False, spoil=False)


def wrong_chance(d, table, connection):
    """ZRANDMEMBER and ZSCAN with what they must refuse."""
    return [Step(connection, d.choice([
        (b"ZRANDMEMBER",), (b"ZRANDMEMBER", b"a", b"x"), (b"ZRANDMEMBER", b"a", b"1", b"x"),
        (b"ZRANDMEMBER", b"a", b"1", b"WITHSCORES", b"x"), (b"ZRANDMEMBER", b"a", b"-9223372036854775808"),
        (b"ZRANDMEMBER", b"a", b"9223372036854775807", b"WITHSCORES"), (b"ZSCAN", b"a"),
        (b"ZSCAN", b"a", b"x"), (b"ZSCAN", b"a", b"0", b"COUNT"), (b"ZSCAN", b"a", b"0", b"COUNT", b"x"),
        (b"ZSCAN", b"a", b"0", b"TYPE", b"x"), (b"SSCAN", b"a", b"0", b"TYPE", b"x"),
    ]))]


def big_sorted_set(d, table, connection):
    """A sorted set beyond its packed form, with equal scores that order by member."""
    name, other = key(d)[0], key(d)[0]
    count = d.choice([3, 128, 129, 300, 5000])
    spread = d.choice([1, 11, 1000])
    pairs = [p for n in range(count) for p in (b"%d" % (n * 7 % spread), b"m%d" % n)]
    if d.chance(0.3):
        pairs[-1] = b"m" * d.choice([64, 65])
    low, high = (b"%d" % (d.between(0, spread)) for _ in range(2))
    by_name = [
        Step(connection, (b"ZRANGEBYLEX", name, b"[m1", b"(m3", b"LIMIT", b"1", b"5")),
        Step(connection, (b"ZREVRANGEBYLEX", name, b"(m3", b"[m1")),
        Step(connection, (b"ZLEXCOUNT", name, b"(m2", b"+")),
        Step(connection, (b"ZREMRANGEBYLEX", name, b"[m10", b"(m12")),
    ] if spread == 1 else []
    return [
        Step(connection, (b"DEL", name)),
        Step(connection, (b"ZADD", name, *pairs)), Step(connection, (b"ZCARD", name)),
        Step(connection, (b"ZRANGE", name, b"0", b"-1", b"WITHSCORES"), rules.scores),
        *by_name,
        Step(connection, (b"ZRANGE", name, low, high, b"BYSCORE", b"LIMIT", b"2", b"9"), rules.scores),
        Step(connection, (b"ZREVRANGEBYSCORE", name, high, b"(" + low, b"LIMIT", b"1", b"30")),
        Step(connection, (b"ZCOUNT", name, low, b"(" + high)),
        Step(connection, (b"ZREVRANGE", name, b"5", b"-5")), Step(connection, (b"ZRANK", name, b"m2")),
        Step(connection, (b"ZREVRANK", name, b"m2")),
        Step(connection, (b"ZSCAN", name, b"0", b"COUNT", b"%d" % d.choice([1, 7, 100])), pages),
        Step(connection, (b"ZRANDMEMBER", name, b"%d" % d.choice([2, -5, 100, 10000])), drawn),
        Step(connection, (b"ZRANGESTORE", other, name, b"1", b"-2")),
        Step(connection, (b"ZPOPMIN", name, b"20"), rules.scores), Step(connection, (b"OBJECT", b"ENCODING", name)),
        Step(connection, (b"ZREMRANGEBYSCORE", name, low, high)),
        Step(connection, (b"ZREMRANGEBYRANK", name, b"3", b"-3")),
        Step(connection, (b"ZUNION", b"2", name, other, b"WEIGHTS", b"1", b"-2", b"WITHSCORES"), rules.scores),
        Step(connection, (b"ZINTERSTORE", name, b"2", other, name)),
        Step(connection, (b"ZRANGE", name, b"0", b"-1", b"WITHSCORES"), rules.scores),
    ]


def by_name(d, table, connection):
    """Ranges by member where all scores are equal."""
    name, other = key(d)[0], key(d)[0]
    members = many(field, 1, 9)(d) + [b"m%d" % n for n in range(d.choice([0, 3, 200]))]
    ends = lambda: two_names(d)
    by_lex = shuffled(raw("BYLEX"), maybe(word("REV")), page)
    return [Step(connection, tuple(argv), rules.scores) for argv in (
        [b"DEL", name], [b"ZADD", name] + [x for m in members for x in (b"0", m)],
        [b"ZRANGEBYLEX", name, *ends(), *page(d)], [b"ZREVRANGEBYLEX", name, *ends(), *page(d)],
        [b"ZRANGE", name, *ends(), *by_lex(d)], [b"ZRANGE", name, *ends(), *by_lex(d), *with_scores(d)],
        [b"ZLEXCOUNT", name, *ends()], [b"ZRANGESTORE", other, name, *ends(), *by_lex(d)],
        [b"ZREMRANGEBYLEX", name, *ends()], [b"ZRANGE", name, b"0", b"-1"],
    )]


def mixed(d, table, connection):
    """Sets as sources of sorted-set algebra."""
    name, other, target = key(d)[0], key(d)[0], key(d)[0]
    return [
        Step(connection, (b"DEL", name, other)), Step(connection, (b"SADD", name, b"f1", b"f2", b"10000")),
        Step(connection, (b"ZADD", other, b"2", b"f1", b"-1.5", b"f3")),
        Step(connection, (b"ZUNION", b"2", name, other, b"WEIGHTS", b"2", *weight(d), b"WITHSCORES"), rules.scores),
        Step(connection, (b"ZINTER", b"2", name, other, b"AGGREGATE", b"MAX", b"WITHSCORES"), rules.scores),
        Step(connection, (b"ZDIFF", b"2", name, other, b"WITHSCORES"), rules.scores),
        Step(connection, (b"ZINTERCARD", b"2", other, name)),
        Step(connection, (b"ZUNIONSTORE", target, b"2", other, name)),
        Step(connection, (b"OBJECT", b"ENCODING", target)),
    ]


FAMILY.script("a wrong ZRANDMEMBER", wrong_chance, weight=0.5)
FAMILY.script("a big sorted set", big_sorted_set, weight=0.3)
FAMILY.script("ranges by member", by_name)
FAMILY.script("sets among sorted sets", mixed, weight=0.5)
