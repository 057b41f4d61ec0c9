"""DUMP and RESTORE between the two servers: every type and encoding, in both directions."""

import random

import payloads
import resp
from differential.crossed import facts
from report import check, equal

# Redis's own encodings of values that commands make with default settings.
ENCODINGS = {
    "int": lambda r: [("SET", "k", r.randrange(-2**63, 2**63) >> r.randrange(64))],
    "embstr": lambda r: [("SET", "k", _text(r, 40))],
    "raw": lambda r: [("SET", "k", _text(r, 5000))],
    "quicklist": lambda r: [("RPUSH", "k", *_elements(r))],
    "intset": lambda r: [("SADD", "k", *{r.randrange(-2**63, 2**63) >> r.choice((4, 32, 48)) for _ in range(9)})],
    "set hashtable": lambda r: [("SADD", "k", "word", *_elements(r))],
    "hash listpack": lambda r: [("HSET", "k", *_pairs(r, 100, 60))],
    "hash hashtable": lambda r: [("HSET", "k", *_pairs(r, 300, 200))],
    "zset listpack": lambda r: [("ZADD", "k", *_scored(r, 100, 60))],
    "zset skiplist": lambda r: [("ZADD", "k", *_scored(r, 300, 200))],
    "stream": lambda r: _stream(r),
}


def _text(r, most):
    """Random, or a repetition that compresses, or a number of any width."""
    kind = r.randrange(5)
    if kind == 0:
        return b"%d" % (r.randrange(-2**63, 2**63) >> r.randrange(64))
    if kind == 1:
        return (r.randbytes(r.randrange(1, 9)) * most)[: r.randrange(most + 1)]
    return r.randbytes(r.randrange(most + 1)) if kind == 2 else bytes(r.choices(b"abcdef", k=r.randrange(most + 1)))


def _elements(r):
    most = r.choice((10, 100, 3000))
    return [_text(r, most) for _ in range(r.randrange(1, 200))]


def _pairs(r, count, most):
    return [part for n in range(r.randrange(1, count)) for part in (b"%d" % n + _text(r, most)[:most - 3], _text(r, most))]


def _scored(r, count, most):
    score = lambda: r.choice((r.randrange(-9, 9), r.random(), r.randrange(2**60), r.uniform(-1e300, 1e300), "inf", "-inf"))
    return [part for n in range(r.randrange(1, count)) for part in (score(), b"%d" % n + _text(r, most)[:most - 3])]


def _stream(r):
    commands = [("XADD", "k", f"{n}-{r.randrange(5)}", *(("f", _text(r, 30), "g", n) if r.random() < 0.8 else ("other", _text(r, 9))))
                for n in range(1, r.randrange(2, 300))]
    commands += [("XGROUP", "CREATE", "k", name, r.choice(("0", "5-0", "$"))) for name in ("g1", "g2")]
    commands += [("XREADGROUP", "GROUP", r.choice(("g1", "g2")), r.choice(("c1", "c2")), "COUNT", 7, "STREAMS", "k", ">")
                 for _ in range(r.randrange(6))]
    commands += [("XACK", "k", "g1", f"{r.randrange(20)}-0") for _ in range(5)]
    commands += [("XDEL", "k", f"{r.randrange(300)}-{r.randrange(5)}") for _ in range(9)]
    return commands


def run(env):
    cases = [random_values, frozen_values, large_values, plain_nodes, kept_deadlines, damaged_payloads]
    with env.start_oracle() as oracle, env.start_subject() as subject, \
            oracle.connect(30) as left, subject.connect(30) as right:
        env.left, env.right = left, right
        # Else it trusts what is inside a payload whose checksum is right.
        equal(left.call("CONFIG", "SET", "sanitize-dump-payload", "yes"), resp.OK)
        env.report.run(cases, env)
        check(oracle.answers() and subject.answers(), "a server does not answer any more")


def _cross(env, what):
    """Takes `k` of Redis here and back again; all reads must agree."""
    expected = facts(env.left.call, "k")
    payload = env.left.call("DUMP", "k")
    equal(env.right.call("RESTORE", "k", 0, payload[1], "REPLACE"), resp.OK, f"RESTORE here of {what}: {resp.show(payload)}")
    equal(facts(env.right.call, "k"), expected, what)
    ours = env.right.call("DUMP", "k")
    equal(env.left.call("RESTORE", "k", 0, ours[1], "REPLACE"), resp.OK, f"RESTORE there of {what}: {resp.show(ours)}")
    equal(facts(env.left.call, "k"), expected, f"{what}, there and back")


def _types(env):
    """Leaves out what the server under test does not have yet."""
    has_streams = env.right.call("XLEN", "none")[0] == ":"
    return {name: make for name, make in ENCODINGS.items() if name != "stream" or has_streams}


def random_values(env):
    """random values of every type and encoding, from Redis and back"""
    seed = env.options.seed
    for name, make in _types(env).items():
        for turn in range(60):
            env.left.call("DEL", "k")
            for command in make(random.Random(f"{seed} {name} {turn}")):
                reply = env.left.call(*command)
                check(reply[0] != "-" or command[0] == "XADD", f"{command[:3]}: {resp.show(reply)}")
            _cross(env, f"{name}, turn {turn}, seed {seed}")


def frozen_values(env):
    """values of every form, built by hand, mean the same on both"""
    has_streams = env.right.call("XLEN", "none")[0] == ":"
    for name, payload in payloads.frozen(10).items():
        if name.startswith("stream") and not has_streams:
            continue
        for connection in (env.left, env.right):
            equal(connection.call("RESTORE", "k", 0, payload, "REPLACE"), resp.OK, name)
        _cross(env, name)


def large_values(env):
    """large values: compressed and plain strings, 100,000 elements of each container"""
    r = random.Random(env.options.seed)
    many = [b"%d:%s" % (n, b"x" * r.randrange(30)) for n in range(100_000)]
    numbers = [str(r.randrange(2**40)) for _ in many]
    pairs = lambda one, other: [part for pair in zip(one, other) for part in pair]
    for what, command, parts in (
        ("a string that compresses", "SET", [b"to and fro " * 5000]),
        ("a string of 10 MB", "SET", [r.randbytes(1000) * 10_000]),
        ("a list", "RPUSH", many),
        ("a set", "SADD", many),
        ("a set of numbers", "SADD", numbers),
        ("a hash", "HSET", pairs(many, numbers)),
        ("a sorted set", "ZADD", pairs(numbers, many)),
    ):
        env.left.call("DEL", "k")
        reply = env.left.call(command, "k", *parts)
        check(reply[0] in "+:", f"{what}: {resp.show(reply)}")
        _cross(env, what)


def plain_nodes(env):
    """lists whose large elements stand outside listpacks"""
    equal(env.left.call("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "100b"), resp.OK)
    env.left.call("DEL", "k")
    env.left.call("RPUSH", "k", "a", b"x" * 200, b"y" * 5000, "b", b"z" * 99)
    payload = env.left.call("DUMP", "k")[1]
    check(b"\x01\xc3" in payload or b"\x01\x40" in payload, f"no plain node in {payload[:80]!r}")
    _cross(env, "a list with plain nodes")
    equal(env.left.call("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0"), resp.OK)


def kept_deadlines(env):
    """a deadline is RESTORE's, not the payload's"""
    for connection in (env.left, env.right):
        connection.call("SET", "k", "v", "PX", 10_000_000)
        payload = connection.call("DUMP", "k")[1]
        equal(connection.call("RESTORE", "k", 0, payload, "REPLACE"), resp.OK)
        equal(connection.call("PTTL", "k"), (":", b"-1"))
        equal(connection.call("RESTORE", "k", 4102444800123, payload, "REPLACE", "ABSTTL"), resp.OK)
        equal(connection.call("PEXPIRETIME", "k"), (":", b"4102444800123"))
        equal(connection.call("RESTORE", "k", 1, payload, "REPLACE", "ABSTTL"), resp.OK)
        equal(connection.call("EXISTS", "k"), (":", b"0"))


def _sorted(said):
    """Redis believes a payload that its members are in order; we put them there."""
    kind, value = said
    return (kind, sorted(zip(value[1][::2], value[1][1::2]))) if kind == b"zset" else said


def damaged_payloads(env):
    """payloads with wrong insides and a right checksum are refused, or read as Redis reads them"""
    r = random.Random(env.options.seed)
    frozen = [payload for name, payload in payloads.frozen(10).items() if not name.startswith("stream")]
    refused, stricter = 0, 0
    for turn in range(20_000):
        value = bytearray(r.choice(frozen)[:-10])
        for _ in range(r.randrange(1, 3)):
            at = r.randrange(1, len(value))
            value[at] = r.choice((value[at] ^ 1 << r.randrange(8), r.choice(b"\x00\x01\x7f\x80\xc3\xfe\xff")))
        payload = payloads.seal(bytes(value), 10)
        left, right = (c.call("RESTORE", "k", 0, payload, "REPLACE") for c in (env.left, env.right))
        refused += right != resp.OK
        if right == resp.OK:
            equal(left, resp.OK, f"RESTORE, turn {turn}, of {payload!r}")
            equal(_sorted(facts(env.right.call, "k")), _sorted(facts(env.left.call, "k")), f"turn {turn}: {payload!r}")
        elif left == resp.OK:
            stricter += 1
    print(f"       {refused} of 20,000 refused, {stricter} of them taken by Redis", flush=True)
