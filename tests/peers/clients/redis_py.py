"""redis-py as programs use it. Arguments: PORT PASSWORD_PORT PASSWORD SOCKET (see suites/child.py)."""

import sys
import threading
import time
import traceback

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

PORT, GUARDED, PASSWORD, SOCKET = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]


def client(protocol, **more):
    return redis.Redis(port=PORT, protocol=protocol, decode_responses=True, **more)


def connect(p):
    r = client(p)
    assert r.ping() is True
    assert r.echo("hällo") == "hällo"
    assert r.client_id() > 0
    assert r.client_setname("py") and r.client_getname() == "py"
    assert r.info("server")["redis_version"]
    assert r.config_get("maxclients")["maxclients"].isdigit()
    assert r.dbsize() == 0


def strings(p):
    r = client(p)
    assert r.set("s", "v") is True and r.get("s") == "v"
    assert r.set("s", "w", nx=True) is None and r.set("s", "x", xx=True, get=True) == "v"
    assert r.get("none") is None and r.mget("s", "none") == ["x", None]
    assert r.incr("n") == 1 and r.incrby("n", 10) == 11 and r.incrbyfloat("n", 0.5) == 11.5
    assert r.append("s", "yz") == 3 and r.getrange("s", 1, -1) == "yz" and r.setrange("s", 1, "Q") == 3
    assert r.msetnx({"m1": 1, "m2": 2}) and not r.msetnx({"m2": 3, "m3": 3})
    assert r.getdel("m1") == "1" and not r.exists("m1")
    data = bytes(range(256)) * 1000
    plain = redis.Redis(port=PORT, protocol=p)
    plain.set("bin", data)
    assert plain.get("bin") == data


def containers(p):
    r = client(p)
    assert r.rpush("l", "a", "b", "c") == 3 and r.lrange("l", 0, -1) == ["a", "b", "c"] and r.lpop("l", 2) == ["a", "b"]
    assert r.hset("h", mapping={"f": 1, "g": "two"}) == 2 and r.hgetall("h") == {"f": "1", "g": "two"}
    assert r.sadd("t", "x", "y") == 2 and r.smembers("t") == {"x", "y"} and r.spop("t") in {"x", "y"} and r.scard("t") == 1
    assert r.zadd("z", {"a": 1.5, "b": -1, "c": float("inf")}) == 3
    ranged = [tuple(pair) for pair in r.zrange("z", 0, -1, withscores=True)]
    assert ranged == [("b", -1.0), ("a", 1.5), ("c", float("inf"))], ranged
    assert r.zscore("z", "a") == 1.5 and r.zscore("z", "no") is None
    popped = r.zpopmin("z")  # flat in RESP3, as Redis answers without a count
    assert popped == ([("b", -1.0)] if p == 2 else ["b", -1.0]) and r.zcard("z") == 2, popped


def errors(p):
    r = client(p)
    r.rpush("l", "a")
    for call, text in [
        (lambda: r.get("l"), "WRONGTYPE Operation against a key holding the wrong kind of value"),
        (lambda: r.execute_command("NOSUCH"), "unknown command 'NOSUCH', with args beginning with: "),
        (lambda: r.execute_command("GET"), "wrong number of arguments for 'get' command"),
        (lambda: r.set("s", "x") and r.incr("s"), "value is not an integer or out of range"),
    ]:
        try:
            call()
            raise AssertionError(f"no error: {text}")
        except redis.ResponseError as error:
            assert str(error) == text, str(error)


def pipeline(p):
    r = client(p)
    with r.pipeline(transaction=False) as pipe:
        for n in range(1000):
            pipe.set(f"p:{n}", n)
        for n in range(1000):
            pipe.get(f"p:{n}")
        replies = pipe.execute()
    assert replies[:1000] == [True] * 1000 and replies[1000:] == [str(n) for n in range(1000)]
    with r.pipeline() as pipe:
        pipe.set("a", 1).incr("a").lpush("a", "x").get("a")
        replies = pipe.execute(raise_on_error=False)
    assert replies[:2] == [True, 2] and isinstance(replies[2], redis.ResponseError) and replies[3] == "2", replies


def watch_retry(p):
    r, tries = client(p), []
    r.set("balance", 100)

    def spend(pipe):
        have = int(pipe.get("balance"))
        if not tries:
            client(p).set("balance", 50)  # somebody else, once
        tries.append(have)
        pipe.multi()
        pipe.decrby("balance", 30)

    assert r.transaction(spend, "balance") == [20] and tries == [100, 50]
    with r.pipeline() as pipe:
        pipe.watch("balance")
        client(p).set("balance", 1)
        pipe.multi()
        pipe.set("balance", 2)
        try:
            pipe.execute()
            raise AssertionError("no WatchError")
        except redis.WatchError:
            pass
    counters = [threading.Thread(target=lambda: [client(p).transaction(bump, "shared") for _ in range(20)]) for _ in range(4)]
    def bump(pipe):
        have = int(pipe.get("shared") or 0)
        pipe.multi()
        pipe.set("shared", have + 1)
    [t.start() for t in counters]
    [t.join() for t in counters]
    assert r.get("shared") == "80", r.get("shared")


def pubsub(p):
    r = client(p)
    with r.pubsub() as sub:
        sub.subscribe("news", "sport")
        sub.psubscribe("n*")
        kinds = [sub.get_message(timeout=5)["type"] for _ in range(3)]
        assert kinds == ["subscribe", "subscribe", "psubscribe"], kinds
        assert r.publish("news", "hi") == 2 and r.publish("nobody", "x") == 1 and r.publish("else", "x") == 0
        got = [sub.get_message(timeout=5) for _ in range(3)]
        assert [(m["type"], m["channel"], m["data"]) for m in got] == [
            ("message", "news", "hi"), ("pmessage", "news", "hi"), ("pmessage", "nobody", "x")], got
        assert sorted(r.pubsub_channels()) == ["news", "sport"] and r.pubsub_numpat() == 1
        assert [tuple(x) for x in r.pubsub_numsub("news", "none")] == [("news", 1), ("none", 0)]
        if p == 2:  # in RESP3 redis-py 8.1 reads +PONG as a list of letters
            sub.ping()
            assert sub.get_message(timeout=5)["type"] == "pong"
        sub.unsubscribe()
        assert {sub.get_message(timeout=5)["type"] for _ in range(2)} == {"unsubscribe"}
        assert r.publish("sport", "x") == 0
        seen = []
        sub.psubscribe(**{"many:*": lambda m: seen.append(m["data"])})
        sub.get_message(timeout=5)
        for n in range(500):
            r.publish(f"many:{n}", n)
        deadline = time.monotonic() + 10
        while len(seen) < 500 and time.monotonic() < deadline:
            sub.get_message(timeout=1)
        assert seen == [str(n) for n in range(500)], len(seen)


def scanning(p):
    r = client(p)
    with r.pipeline(transaction=False) as pipe:
        for n in range(3000):
            pipe.set(f"scan:{n}", n)
        pipe.rpush("list", 1)
        pipe.execute()
    keys = list(r.scan_iter(count=100))
    assert set(keys) == {f"scan:{n}" for n in range(3000)} | {"list"}
    assert set(r.scan_iter(match="scan:12?")) == {f"scan:12{d}" for d in range(10)}
    assert list(r.scan_iter(_type="list")) == ["list"]
    # What stays is seen although a third goes away during the iteration.
    seen, cursor = set(), 0
    for step in range(100_000):
        cursor, page = r.scan(cursor, count=50)
        seen |= set(page)
        r.unlink(*[f"scan:{n}" for n in range(step * 30, step * 30 + 30, 3)])
        if cursor == 0:
            break
    assert {f"scan:{n}" for n in range(3000) if n % 3} <= seen


def expiry(p):
    r = client(p)
    assert r.set("e", 1, px=60) and 0 < r.pttl("e") <= 60
    assert r.set("f", 1, ex=100) and 98 <= r.ttl("f") <= 100 and r.persist("f") and r.ttl("f") == -1
    assert r.expire("f", 50) and not r.expire("f", 100, nx=True) and not r.expire("f", 10, gt=True)
    assert r.expireat("f", int(time.time()) + 500) and 495 <= r.ttl("f") <= 500
    assert r.ttl("none") == -2 and r.getex("f", persist=True) == "1"
    deadline = time.monotonic() + 5
    while r.exists("e"):
        assert time.monotonic() < deadline, "e does not fall due"
    assert r.get("e") is None and r.dbsize() == 1


def databases(p):
    r, one = client(p), client(p, db=1)
    r.set("k", "zero")
    assert one.get("k") is None and r.move("k", 1) and one.get("k") == "zero"
    assert one.copy("k", "k", destination_db=0) and r.get("k") == "zero"
    assert r.swapdb(0, 1) and r.flushdb() and one.dbsize() == 1 and r.dbsize() == 0


def authentication(p):
    good = redis.Redis(port=GUARDED, password=PASSWORD, protocol=p)
    assert good.ping() and redis.Redis(port=GUARDED, username="default", password=PASSWORD, protocol=p).ping()
    once = Retry(NoBackoff(), 0)
    for wrong in (redis.Redis(port=GUARDED, protocol=p, retry=once),
                  redis.Redis(port=GUARDED, password="wrong", protocol=p, retry=once)):
        try:
            wrong.ping()
            raise AssertionError("no AuthenticationError")
        except redis.AuthenticationError:
            pass


def unix_socket(p):
    r = redis.Redis(unix_socket_path=SOCKET, protocol=p)
    r.set("u", b"\x00" * 100_000)
    assert r.get("u") == b"\x00" * 100_000


def pool_of_50(p):
    pool = redis.ConnectionPool(port=PORT, protocol=p, max_connections=50)
    r, wrong = redis.Redis(connection_pool=pool), []

    def work(who):
        for n in range(40):
            r.set(f"w:{who}", n)
            if r.get(f"w:{who}") != b"%d" % n:
                wrong.append((who, n))
            r.incr("together")
    threads = [threading.Thread(target=work, args=(who,)) for who in range(50)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong and r.get("together") == b"2000"
    pool.disconnect()


def locks(p):
    """redis-py's own Lock needs scripts to release; its acquisition is SET NX PX."""
    r = client(p)
    first, second = r.lock("lock", timeout=10), r.lock("lock", timeout=10, blocking=False)
    assert first.acquire() and not second.acquire() and r.pttl("lock") > 0


CASES = [connect, strings, containers, errors, pipeline, watch_retry, pubsub, scanning, expiry, databases,
         authentication, unix_socket, pool_of_50, locks]

for protocol in (2, 3):
    for case in CASES:
        name = f"{case.__name__.replace('_', ' ')}, RESP{protocol}"
        redis.Redis(port=PORT).flushall()
        try:
            case(protocol)
            print(f"ok {name}", flush=True)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)
            line = next((f for f in reversed(where) if f.filename == __file__), where[-1])
            print(f"not ok {name}: {type(error).__name__}: {error} (line {line.lineno}: {line.line})", flush=True)
