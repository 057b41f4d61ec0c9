"""Members on a map: places, distances, and what is near.

Places are drawn from a few spots, so that members meet, and from everywhere, edges included. A distance
that is stored shows its last bit, in which two right libraries may differ: `nearly` compares those.
"""

import math

from .. import rules
from ..grammar import field, key, many, maybe, number, one_of, pool, sequence, shuffled, tagged, word
from ..table import Family, Step

FAMILY = Family("geo")
command = FAMILY.command

SPOTS = [(b"13.361389", b"38.115556"), (b"15.087269", b"37.502669"), (b"13.583333", b"37.316667"), (b"0", b"0"),
         (b"-0.0001", b"0.0001"), (b"180", b"85.05112878"), (b"-180", b"-85.05112878"), (b"179.99999", b"10"),
         (b"-179.99999", b"10"), (b"2.35", b"48.86"), (b"-122.27652", b"37.80574"), (b"100.5", b"-66.1"),
         (b"25", b"80.1"), (b"25", b"-80.1"), (b"1e1", b".5")]
OFF = [(b"181", b"0"), (b"0", b"85.06"), (b"-1e300", b"inf"), (b"nan", b"1"), (b"x", b"1"), (b"1", b""), (b" 1", b"1")]


def spot(d):
    if d.chance(0.04):
        return list(d.choice(OFF))
    return list(d.choice(SPOTS))


def anywhere(d):
    return [b"%.6f" % d.random.uniform(-180, 180), b"%.6f" % d.random.uniform(-85.05, 85.05)]


def nearby(d):
    return [b"%.7f" % d.random.gauss(14, 1.5), b"%.7f" % d.random.gauss(38, 1)]


place = one_of(spot, spot, anywhere, nearby)
unit = one_of(word("m", "km", "ft", "mi"), word("m", "km"), word("km"))
length = one_of(pool([b"0", b"1", b"100", b"200", b"5000", b"1e7", b"20000000", b"0.5", b"1e-320"]), number(0, 300),
                pool([b"-1", b"inf", b"x", b"nan", b"1e400"]))
count = sequence(tagged("COUNT", one_of(number(1, 5), pool([b"1", b"0", b"-1", b"9223372036854775807"]))),
                 maybe(word("ANY"), 0.3))
order = maybe(word("ASC", "DESC"), 0.5)
shown = [maybe(word(name), 0.3) for name in ("WITHCOORD", "WITHDIST", "WITHHASH")]
centre = one_of(tagged("FROMMEMBER", field), tagged("FROMLONLAT", place))
shape = one_of(tagged("BYRADIUS", sequence(length, unit)), tagged("BYBOX", sequence(length, length, unit)))

command("GEOADD", key, shuffled(maybe(word("NX", "XX"), 0.2), maybe(word("CH"), 0.2)),
        many(sequence(place, field), 1, 4), weight=8)
command("GEODIST", key, field, field, maybe(unit, 0.6), weight=2)
command("GEOHASH", key, many(field, 0, 4))
command("GEOPOS", key, many(field, 0, 4), weight=2)
command("GEOSEARCH", key, shuffled(centre, shape, order, maybe(count), *shown), weight=6)
command("GEOSEARCHSTORE", key, key, shuffled(centre, shape, order, maybe(count)), weight=1.5)
STORE = maybe(tagged("STORE", key), 0.2)
command("GEORADIUS", key, place, length, unit, shuffled(order, maybe(count), *shown, STORE), weight=2)
command("GEORADIUS_RO", key, place, length, unit, shuffled(order, maybe(count), *shown))
command("GEORADIUSBYMEMBER", key, field, length, unit, shuffled(order, maybe(count), *shown, STORE), weight=2)
command("GEORADIUSBYMEMBER_RO", key, field, length, unit, shuffled(order, maybe(count), *shown))


def nearly(duel, step, left, right):
    """Members with scores that differ by no more than what the last bits of sines and their like come to."""
    left, right = rules.numbers(left), rules.numbers(right)
    if left == right or left[0] != "*" or right[0] != "*" or len(left[1]) != len(right[1]):
        return left == right
    flat = lambda reply: [x for part in reply[1] for x in (part[1] if part[0] == "*" else [part])]
    pairs = list(zip(flat(left), flat(right)))
    return all(a == b for a, b in pairs[::2]) and all(
        math.isclose(float(a[1]), float(b[1]), rel_tol=1e-13) for a, b in pairs[1::2])


def stored_distances(d, table, connection):
    """STOREDIST, all four ways; what is stored is looked at and removed."""
    source, target = b"geo", b"geo:near"
    options = shuffled(order, maybe(count))(d)
    ask = d.choice([
        [b"GEOSEARCHSTORE", target, source, *centre(d), *shape(d), *options, b"STOREDIST"],
        [b"GEORADIUS", source, *place(d), *length(d), *unit(d), *options, b"STOREDIST", target],
        [b"GEORADIUSBYMEMBER", source, *field(d), *length(d), *unit(d), b"STORE", b"no", b"STOREDIST", target],
    ])
    pairs = many(sequence(one_of(place, nearby), field), 1, 8)(d)
    return [
        Step(connection, (b"GEOADD", source, *pairs)), Step(connection, tuple(ask)),
        Step(connection, (b"ZRANGE", target, b"0", b"-1", b"WITHSCORES"), nearly),
        Step(connection, (b"TYPE", b"no")), Step(connection, (b"DEL", target, source, b"no")),
    ]


def many_places(d, table, connection):
    """A big set of places, some of which are shared, searched in all orders."""
    name, size = b"geo", d.choice([30, 129, 400, 1500])
    pick = d.choice([nearby, anywhere, place])
    spots = [pick(d) for _ in range(size)]
    if d.chance(0.5):
        spots = [d.choice(spots[: size // 4]) for _ in range(size)]
    pairs = [part for n, (x, y) in enumerate(spots) for part in (x, y, b"m%d" % n)]
    steps = [(b"DEL", name), (b"GEOADD", name, *pairs)]
    for _ in range(12):
        near = tagged("FROMLONLAT", d.choice([nearby, anywhere, spot]))
        wide = pool([b"1", b"20", b"150", b"600", b"3000", b"12000"])
        area = one_of(sequence(word("BYRADIUS"), wide), sequence(word("BYBOX"), wide, wide))
        limit = maybe(sequence(tagged("COUNT", pool([b"1", b"7", b"50", b"200"])), maybe(word("ANY"), 0.3)), 0.5)
        steps.append((b"GEOSEARCH", name, *near(d), *area(d), *word("km", "mi")(d),
                      *shuffled(order, limit, *shown)(d)))
    return [Step(connection, tuple(argv)) for argv in steps + [(b"DEL", name)]]


FAMILY.script("stored distances", stored_distances, weight=1.5)
FAMILY.script("many places", many_places, weight=0.4)
