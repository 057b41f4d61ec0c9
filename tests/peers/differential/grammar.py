"""How a command's arguments are drawn: small generators that combine.

A generator takes a `Draw` (the seeded source of every choice) and returns a list of arguments. The
pools are small on purpose: eight keys over all types make types collide, and the numbers are the ones
at which parsers err. Invariant: a drawn positive number that could become a deadline is at least
10,000, in whatever place it lands, so that no key falls due while two servers are compared.
Not here: wrong arguments. `wrong.py` makes them from right ones.
"""

import random

KEYS = [b"a", b"b", b"c", b"d", b"e", b"f", b"{tag}g", b"\x00\xff\r\nkey", b""]
KEY_WEIGHTS = [6, 6, 5, 4, 3, 3, 2, 1, 1]
FIELDS = [b"f1", b"f2", b"f3", b"f4", b"", b"10000", b"-7", b"\x00bin\r\n", b"x" * 65]
VALUES = [
    b"v", b"hello world", b"", b"0", b"-1", b"-7", b"20000", b"9223372036854775807",
    b"-9223372036854775808", b"9223372036854775808", b"3.14", b"-0", b"1e400", b"\x00\r\n\xff",
    b"012345", b"inf", b"nan", b" 1", b"1 ", b"ohmytext", b"mynewtext",
    b"x" * 44, b"y" * 45, b"z" * 300,
]
INTEGERS = [b"0", b"-1", b"-7", b"20000", b"-20000", b"2147483648", b"9223372036854775807",
            b"-9223372036854775808"]
FLOATS = [b"0", b"1", b"-1.5", b"3.0e3", b"0.1", b"0.2", b"1e17", b"1.23456789012345678", b"-0",
          b"5e-324", b"1e300", b"inf", b"-inf", b"+inf", b"17179869184.5"]
INDEXES = [b"0", b"1", b"2", b"3", b"5", b"-1", b"-2", b"-3", b"-100", b"100", b"4294967296",
           b"-9223372036854775808", b"9223372036854775807"]
PATTERNS = [b"*", b"?", b"[a-c]", b"[^a]", b"\\*", b"a*", b"*g", b"{tag}*", b"", b"[", b"[a-", b"**?",
            b"h?llo", b"\\", b"n*"]
SECONDS = [b"10000", b"20000", b"1000000"]
MILLISECONDS = [b"1000000", b"20000000"]
FAR_SECONDS = [b"4102444800", b"4102444900"]
FAR_MILLISECONDS = [b"4102444800000", b"4102444900123"]
PAST = [b"0", b"-1", b"-20000"]
TOO_BIG = [b"9223372036854775807", b"9223372036854775", b"-9223372036854775808", b"99999999999999999999"]


class Draw:
    """Every random choice of a run, from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.choice = self.random.choice
        self.chance = lambda p: self.random.random() < p
        self.between = self.random.randint


def word(*names):
    """One of the given words, in any case."""
    def draw(d):
        name = d.choice(names)
        if d.chance(0.15):
            name = "".join(c.upper() if d.chance(0.5) else c.lower() for c in name)
        return [name.encode()]
    return draw


def raw(*parts):
    """Exactly these arguments."""
    return lambda d: [part if isinstance(part, bytes) else str(part).encode() for part in parts]


def pool(values):
    return lambda d: [d.choice(values)]


def key(d):
    return [d.random.choices(KEYS, KEY_WEIGHTS)[0]]


def database(d):
    return [d.choice([b"0", b"1", b"2", b"15", b"0", b"1", b"16", b"-1", b"x"])]


field = pool(FIELDS)
value = pool(VALUES)
integer = pool(INTEGERS)
float_ = pool(FLOATS)
index = pool(INDEXES)
pattern = pool(PATTERNS)
bit = pool([b"0", b"1"])


def number(low, high):
    return lambda d: [b"%d" % d.between(low, high)]


def maybe(generator, chance=0.4):
    return lambda d: generator(d) if d.chance(chance) else []


def one_of(*generators):
    return lambda d: d.choice(generators)(d)


def sequence(*generators):
    return lambda d: [part for generator in generators for part in generator(d)]


def many(generator, low=1, high=4):
    return lambda d: [part for _ in range(d.between(low, high)) for part in generator(d)]


def shuffled(*generators):
    """Options that may stand in any order."""
    def draw(d):
        order = list(generators)
        d.random.shuffle(order)
        return [part for generator in order for part in generator(d)]
    return draw


def tagged(name, generator):
    return sequence(word(name), generator)


# A deadline in each of its four spellings: mostly far away, at times past, at times out of range.
def _deadline(far, chance_odd=0.15):
    return lambda d: [d.choice(PAST + TOO_BIG) if d.chance(chance_odd) else d.choice(far)]


seconds = _deadline(SECONDS)
milliseconds = _deadline(MILLISECONDS)
unix_seconds = _deadline(FAR_SECONDS)
unix_milliseconds = _deadline(FAR_MILLISECONDS)
