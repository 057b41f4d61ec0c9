"""How the two replies to one request are compared.

A rule is `rule(duel, step, left, right) -> bool`, where left is the oracle's reply. Most rules bring
both replies into a normal form and compare that; a rule that says nothing special is `exact`: same
types, same bytes. A rule with a `play` attribute runs the step itself, because the two servers must be
asked differently (SPOP) or several times (SCAN).
Invariant: a normal form returns frames that it does not understand unchanged, so errors, nils and
`+QUEUED` are always compared exactly.
"""

import re

from resp import Connection  # noqa: F401  (named for the reader: frames are those of resp.py)


def exact(duel, step, left, right):
    return left == right


def normal(form):
    """A rule that compares `form(frame)` of both."""
    def rule(duel, step, left, right):
        return left == right or form(left) == form(right)
    return rule


def _sorted(frame):
    if frame[0] in "*~" and frame[1] is not None:
        return (frame[0], sorted(frame[1], key=repr))
    return frame


def _sorted_pairs(frame):
    if frame[0] == "%":
        return ("%", sorted(frame[1], key=repr))
    if frame[0] == "*" and frame[1] is not None:
        return ("*", sorted(zip(frame[1][::2], frame[1][1::2]), key=repr))
    return frame


unordered = normal(_sorted)
unordered_pairs = normal(_sorted_pairs)


NUMBER = re.compile(rb"-?\d+(\.\d+)?(e[+-]\d+)?")


def numbers(frame):
    """Doubles in their shortest digits: Redis 7.0 prints 17 of them, 7.2 and Mainstay as few as it takes.

    Whole numbers of at most 16 digits are printed alike by all and stay as they are, but for minus zero: a
    stored score of Mainstay has none, as in Redis's listpacks; Redis's skiplists keep it.
    """
    kind, held = frame if len(frame) == 2 else (*frame, None)
    if isinstance(held, list):
        return kind, [tuple(map(numbers, x)) if kind == "%" else numbers(x) for x in held]
    if kind in "$," and held == b"-0":
        return kind, b"0"
    if kind in "$," and held and NUMBER.fullmatch(held) and (len(held) > 16 or b"." in held or b"e" in held):
        return kind, repr(float(held)).encode()
    return frame


scores = normal(numbers)


def within(tolerance):
    """Integers that may differ by `tolerance`; the special -2, -1 and 0 must agree."""
    def rule(duel, step, left, right):
        if left == right:
            return True
        if left[0] != ":" or right[0] != ":":
            return False
        a, b = int(left[1]), int(right[1])
        return a > 0 and b > 0 and abs(a - b) <= tolerance
    return rule


def shaped(accepts, name):
    """Both replies must have a shape; errors and `+QUEUED` are compared exactly."""
    def rule(duel, step, left, right):
        if left == right:
            return True
        return accepts(left) and accepts(right)
    rule.__name__ = name
    return rule


def _integer(frame):
    return frame[0] == ":" and frame[1].lstrip(b"-").isdigit()


positive = shaped(lambda f: _integer(f) and int(f[1]) > 0, "positive")
not_negative = shaped(lambda f: _integer(f) and int(f[1]) >= 0, "not_negative")
text = shaped(lambda f: f[0] in "$=" and bool(f[1]), "text")
page = shaped(lambda f: f[0] == "*" and [x[0] for x in f[1] or []] == ["$", "*"], "page")
bulks = shaped(lambda f: f[0] in "*~" and all(x[0] in "$+" for x in f[1] or []), "bulks")


def time_reply(duel, step, left, right):
    """TIME: two bulks, seconds within 2 of each other, microseconds below a million."""
    if left[0] != "*" or right[0] != "*":
        return left == right
    a, b = ([int(x[1]) for x in f[1] if x[0] == "$"] for f in (left, right))
    return len(a) == len(b) == 2 and abs(a[0] - b[0]) <= 2 and max(a[1], b[1]) < 1_000_000


def hello(duel, step, left, right):
    """HELLO: same keys in the same order; version, id and modules are the server's own."""
    def form(frame):
        pairs = frame[1] if frame[0] == "%" else None
        if frame[0] == "*" and frame[1]:
            pairs = list(zip(frame[1][::2], frame[1][1::2]))
        if not pairs:
            return frame
        own = (b"version", b"id", b"modules")
        return (frame[0], [(k, v[0] if k[1] in own else v) for k, v in pairs])
    return form(left) == form(right)


def client_lines(duel, step, left, right):
    """CLIENT LIST and CLIENT INFO: lines of name=value that hold every name Redis 7.0 gives.

    How many lines there are is the run's business (connections of the harness), so is each value.
    """
    if left[0] not in "$=" or right[0] not in "$=":
        return left == right
    def names(frame):
        lines = frame[1].decode("latin-1").removeprefix("txt:").rstrip("\n").split("\n")
        return [{word.partition("=")[0] for word in line.split(" ")} for line in lines]
    wanted, given = names(left), names(right)
    if left[0] != right[0] or bool(wanted) != bool(given):
        return False
    return all(wanted[0] <= line for line in given)


USUAL_SECTIONS = ("Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Keyspace")


def info(duel, step, left, right):
    """INFO: the usual sections that the oracle gives, well-formed lines, and an equal Keyspace section."""
    if left[0] not in "$=" or right[0] not in "$=":
        return left == right
    def read(frame):
        sections, lines = {}, []
        for line in frame[1].decode("latin-1").split("\r\n"):
            if line.startswith("# "):
                lines = sections.setdefault(line[2:], [])
            elif line:
                lines.append(line)
        return sections
    wanted, given = read(left), read(right)
    formed = all(":" in line for lines in given.values() for line in lines)
    usual = {name for name in wanted if name in USUAL_SECTIONS}
    keys = lambda s: [re.sub(r",avg_ttl=.*", "", line) for line in s.get("Keyspace", [])]
    return left[0] == right[0] and formed and usual <= set(given) and keys(wanted) == keys(given)


def command_info(duel, step, left, right):
    """COMMAND INFO: name, arity, keys exactly; flags and categories as sets; later elements are open."""
    def form(entry):
        if entry[0] != "*" or not entry[1] or len(entry[1]) < 7:
            return entry
        e = entry[1]
        return (e[0], e[1], sorted(map(repr, e[2][1])), e[3], e[4], e[5], sorted(map(repr, e[6][1])))
    if left[0] != "*" or right[0] != "*":
        return left == right
    return list(map(form, left[1])) == list(map(form, right[1]))


def command_docs(duel, step, left, right):
    """COMMAND DOCS: the same commands, each with summary, since, group, complexity or arguments."""
    def form(frame):
        pairs = frame[1] if frame[0] == "%" else list(zip(frame[1][::2], frame[1][1::2]))
        out = {}
        for name, docs in pairs:
            inner = docs[1] if docs[0] == "%" else list(zip(docs[1][::2], docs[1][1::2]))
            out[name] = {b"summary", b"since", b"group"} <= {k[1] for k, _ in inner}
        return frame[0], out
    if left[0] not in "*%" or right[0] not in "*%":
        return left == right
    return form(left) == form(right)


def random_key(duel, step, left, right):
    """RANDOMKEY: a key that exists, on both; or nil on both."""
    if left[0] != "$" or right[0] != "$" or left[1] is None or right[1] is None:
        return left == right
    return all(
        side.ask(step.connection, b"EXISTS", frame[1]) == (":", b"1")
        for side, frame in zip(duel.sides, (left, right))
    )


def exec_reply(duel, step, left, right):
    """EXEC: element by element, each by the rule of the command that was queued."""
    rules = duel.queued_before.get(step.connection) or []
    if left[0] != "*" or right[0] != "*" or left[1] is None or right[1] is None:
        return left == right
    if len(left[1]) != len(right[1]):
        return False
    if len(rules) != len(left[1]):
        return left == right
    return all(rule(duel, step, a, b) for rule, a, b in zip(rules, left[1], right[1]))


def scan(duel, step, left, right):
    """SCAN: a whole iteration gives the same set, whatever the pages are."""
    return left == right


def _play_scan(duel, step):
    """Iterates both servers to the end. `argv` says SCAN 0 ...; HSCAN and the like have a key before it."""
    at = 1 if step.argv[0].upper() == b"SCAN" else 2
    results = []
    for side in duel.sides:
        seen, cursor, pages = [], b"0", 0
        while True:
            reply = side.ask(step.connection, *step.argv[:at], cursor, *step.argv[at + 1 :])
            page = reply[1] if reply[0] == "*" else None
            if not page or len(page) != 2 or page[0][0] != "$" or page[1][0] != "*":
                results.append(reply)
                break
            seen += page[1][1]
            cursor, pages = page[0][1], pages + 1
            if cursor == b"0":
                results.append(("*", sorted(set(seen))))
                break
            if pages > 10_000:
                results.append(("-", b"(the harness: the iteration does not end)"))
                break
    return results


scan.play = _play_scan


def popped(duel, step, left, right):
    """SPOP: members that were there, as many as Redis takes; then both sets are made equal again."""
    return left == right


def _play_popped(duel, step):
    """Pops on the server under test, then takes the same members from the oracle.

    The oracle shows the reply's shape on a copy of the set, so types and counts are still compared.
    """
    oracle, subject = duel.sides
    reply = subject.ask(step.connection, *step.argv)
    members = [reply] if reply[0] == "$" else reply[1] if reply[0] in "*~" else None
    if not members or members[0][1] is None:
        return oracle.ask(step.connection, *step.argv), reply
    name, scratch = step.argv[1], b"peers:scratch"
    had = oracle.ask(step.connection, b"SMEMBERS", name)
    oracle.ask(step.connection, b"COPY", name, scratch, b"REPLACE")
    shape = oracle.ask(step.connection, step.argv[0], scratch, *step.argv[2:])
    oracle.ask(step.connection, b"DEL", scratch)
    if had[0] not in "*~" or not all(member in had[1] for member in members):
        return had, reply
    if len(set(members)) != len(members):
        return shape, reply
    oracle.ask(step.connection, b"SREM", name, *[member[1] for member in members])
    blank = lambda f: (f[0], [("$", b"(member)")] * len(f[1])) if f[0] in "*~" else ("$", b"(member)")
    return (shape if shape[1] is None else blank(shape)), blank(reply)


popped.play = _play_popped
