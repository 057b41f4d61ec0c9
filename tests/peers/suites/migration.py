"""Moving over from redis-server: its files, its journal, its stream while it is written to; and back."""

import random
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import resp
from differential import generate
from differential.families import table
from report import Failure, check, equal
from suites.serialised import ENCODINGS

# Families whose commands touch keys and leave the servers' settings and connections alone.
FAMILIES = ["strings", "keys", "lists", "hashes", "sets", "sorted_sets", "streams", "bitmaps", "geo",
            "hyperloglogs", "transactions", "sorting"]
ROUNDS = 6
KEYS = 100_000
WRITES_PER_SECOND = 5000


def run(env):
    if env.subject_is_redis:
        print("       left out: it is about moving from Redis to something else", flush=True)
        return
    env.report.run([snapshot, encodings, journal, cut_journal, damaged_files, offline, kept, random_stream,
                    loaded_stream, blocked_and_subscribed, wrong_password, nobody_there, itself], env)


# ---- what the cases share

def play(server, seed, rounds=ROUNDS, count=generate.ROUND):
    """Sends the differential test's random commands to one server; replies are not looked at."""
    commands = table(FAMILIES).known_to(server)
    for number in range(rounds):
        connections = {}
        for step in generate.steps(commands, seed + number, count):
            at = step.connection
            if at not in connections or connections[at].closed:
                connections[at] = resp.Connection(server.port)
            if step.argv[0].upper() in (b"FLUSHALL", b"FLUSHDB") and number % 2 == 0:
                continue
            connections[at].send(step.argv)
            if not step.fence:
                connections[at].reply(1)
        for connection in connections.values():
            connection.close()


def variety(connection, seed):
    """A key of every encoding, some with deadlines, in several databases."""
    for number, (name, make) in enumerate(ENCODINGS.items()):
        for turn in range(8):
            connection.call("SELECT", turn % 3)
            key = f"{name} {turn}".encode()
            for command in make(random.Random(f"{seed} {name} {turn}")):
                connection.call(command[0], *(key if part == "k" else part for part in command[1:]))
            if turn % 2:
                connection.call("PEXPIRE", key, 10**9 + number)
    connection.call("SELECT", 0)


def read_all(server):
    """As dump.read, for many keys: pipelined, and with the groups of streams."""
    found = {}
    with server.connect(60) as connection:
        for database in range(16):
            equal(connection.call("SELECT", database), resp.OK)
            names = sorted(name[1] for name in connection.call("KEYS", "*")[1])
            for start in range(0, len(names), 500):
                part = names[start : start + 500]
                kinds = [frame[1] for frame in pipeline(connection, [(b"TYPE", key) for key in part])]
                ends = pipeline(connection, [(b"PEXPIRETIME", key) for key in part])
                for key, kind, end in zip(part, kinds, ends):
                    found[database, key] = [kind, end, None]
                asked = [(key, READ[kind](key)) for key, kind in zip(part, kinds) if kind in READ]
                frames = pipeline(connection, [argv for _, argv in asked])
                for (key, _), frame in zip(asked, frames):
                    kind = found[database, key][0]
                    found[database, key][2] = plain(connection, kind, key, frame)
    return found


READ = {
    b"string": lambda key: (b"GET", key),
    b"list": lambda key: (b"LRANGE", key, b"0", b"-1"),
    b"set": lambda key: (b"SMEMBERS", key),
    b"hash": lambda key: (b"HGETALL", key),
    b"zset": lambda key: (b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"),
    b"stream": lambda key: (b"XRANGE", key, b"-", b"+"),
}


def plain(connection, kind, key, frame):
    if kind == b"set":
        return sorted(frame[1])
    if kind == b"hash":
        return sorted(zip(frame[1][::2], frame[1][1::2]))
    if kind == b"zset":
        items = [item[1] for item in frame[1]]
        return [(member, float(score)) for member, score in zip(items[::2], items[1::2])]
    if kind == b"stream":
        groups = connection.call("XINFO", "GROUPS", key)
        names = [dict(zip([f[1] for f in group[1][::2]], group[1][1::2]))[b"name"][1] for group in groups[1]]
        pending = [connection.call("XPENDING", key, name) for name in names]
        return frame, groups, pending
    return frame


def pipeline(connection, requests):
    connection.send_bytes(b"".join(map(resp.encode, requests)))
    return [connection.reply(30) for _ in requests]


def uncounted(groups):
    """Without how many entries were read, and how many consumers there are: Redis does not say in its stream
    what a consumer asked for that got nothing, and its own replicas lack the same."""
    pairs = [list(zip(group[1][::2], group[1][1::2])) for group in groups[1]]
    return [[pair for pair in group if pair[0][1] not in (b"entries-read", b"lag", b"consumers")] for group in pairs]


def compare(left, right, what, by_commands=False):
    """Every key of one is in the other, and says the same, as far as Redis's commands tell it."""
    one, other = (server if isinstance(server, dict) else read_all(server) for server in (left, right))
    for found in (one, other) if by_commands else ():
        for value in found.values():
            if value[0] == b"stream":
                entries, groups, pending = value[2]
                value[2] = entries, groups if isinstance(groups, list) else uncounted(groups), pending
    missing, more = one.keys() - other.keys(), other.keys() - one.keys()
    check(not missing, f"{what}: {len(missing)} of {len(one)} keys are missing, such as {list(missing)[:3]}")
    check(not more, f"{what}: {len(more)} keys too many, such as {list(more)[:3]}: {[other[k] for k in list(more)[:3]]}")
    for place in sorted(one):
        if one[place] != other[place]:
            parts = [pair for pair in zip(flat(one[place]), flat(other[place])) if pair[0] != pair[1]]
            raise Failure(f"{what}: {place}, a {one[place][0]}: {parts!r:.600}")
    return len(one)


def flat(value):
    """The parts of a value, parts of parts included, in one list."""
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in flat(item)]
    return [value]


def folder_with(*files):
    folder = Path(tempfile.mkdtemp(prefix="peers-moved-"))
    for file in files:
        (shutil.copytree if file.is_dir() else shutil.copy)(file, folder / file.name)
    return folder


def info(server, section="replication"):
    with server.connect() as connection:
        lines = connection.call("INFO", section)[1].decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def until(holds, what, seconds=60.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.05)
    raise Failure(f"it did not come about in {seconds} s: {what}")


def in_step(oracle, subject):
    """Waits until everything that was written there is here."""
    with oracle.connect() as connection:
        # Redis writes the stream once a turn; what is asked afterwards is behind it.
        connection.call("SET", "the last", time.time())
    there = lambda: int(info(oracle)["master_repl_offset"])
    until(lambda: int(info(subject)["slave_repl_offset"]) >= there(), "the stream is applied")


def follow(env, subject, oracle, seconds=60.0):
    with oracle.connect() as connection:
        # Else Redis waits for more replicas, five seconds.
        connection.call("CONFIG", "SET", "repl-diskless-sync-delay", "0")
    with subject.connect() as connection:
        equal(connection.call("REPLICAOF", "127.0.0.1", oracle.port), resp.OK)
    until(lambda: info(subject)["master_link_status"] == "up", "the link is up", seconds)


# ---- files

def snapshot(env):
    """a dump.rdb of what random commands left is loaded at start, key by key the same"""
    for seed in (env.options.seed, env.options.seed + 100):
        with env.start_oracle() as oracle:
            play(oracle, seed)
            with oracle.connect(30) as connection:
                variety(connection, seed)
                equal(connection.call("SAVE"), resp.OK)
            folder = folder_with(oracle.directory / "dump.rdb")
            with env.start_subject("--dir", folder) as subject:
                count = compare(oracle, subject, f"seed {seed}")
                check(count > 80, f"only {count} keys")
            shutil.rmtree(folder)


def encodings(env):
    """values of every encoding and size of Redis's settings"""
    small = {"list-max-listpack-size": "-1", "hash-max-listpack-entries": "0", "set-max-intset-entries": "0",
             "zset-max-listpack-entries": "0", "stream-node-max-entries": "2", "rdbcompression": "no"}
    large = {"list-max-listpack-size": "100000", "hash-max-listpack-entries": "100000", "set-max-intset-entries": "100000",
             "zset-max-listpack-entries": "100000", "zset-max-listpack-value": "100000", "hash-max-listpack-value": "100000",
             "list-compress-depth": "1", "rdbchecksum": "yes"}
    for settings in (small, large):
        flags = [word for name, value in settings.items() for word in (f"--{name}", value)]
        with env.start_oracle(*flags) as oracle, oracle.connect(30) as connection:
            variety(connection, env.options.seed)
            equal(connection.call("SAVE"), resp.OK)
            folder = folder_with(oracle.directory / "dump.rdb")
            with env.start_subject("--dir", folder) as subject:
                compare(oracle, subject, str(settings))
            shutil.rmtree(folder)


def _journal(env, *flags):
    """A server with a journal that was rewritten in between, stopped: its keys and its folder."""
    with env.start_oracle("--appendonly", "yes", "--appendfsync", "no", *flags) as oracle:
        play(oracle, env.options.seed, 2)
        with oracle.connect(30) as connection:
            variety(connection, env.options.seed)
            connection.call("BGREWRITEAOF")
        until(lambda: info(oracle, "persistence")["aof_rewrite_in_progress"] == "0", "the rewrite ends")
        play(oracle, env.options.seed + 50, 2)
        with oracle.connect(30) as connection:
            variety(connection, env.options.seed + 1)
        keys = read_all(oracle)
        return keys, folder_with(oracle.directory / "appendonlydir")


def journal(env):
    """an appendonlydir is replayed at start: base as RDB or as commands, timestamps, transactions"""
    for flags in ((), ("--aof-use-rdb-preamble", "no", "--aof-timestamp-enabled", "yes")):
        keys, folder = _journal(env, *flags)
        with env.start_subject("--dir", folder) as subject:
            compare(keys, subject, str(flags), by_commands=True)
        # A journal of Redis before 7.0 is one file.
        base, *more = sorted((folder / "appendonlydir").glob("*.aof"), key=lambda path: "incr" in path.name) \
            if flags else sorted((folder / "appendonlydir").glob("*base*")) + sorted((folder / "appendonlydir").glob("*incr*"))
        single = folder_with()
        (single / "appendonly.aof").write_bytes(b"".join(path.read_bytes() for path in (base, *more)))
        with env.start_subject("--dir", single) as subject:
            compare(keys, subject, f"one file, {flags}", by_commands=True)
        shutil.rmtree(folder)
        shutil.rmtree(single)


def cut_journal(env):
    """a journal that ends within a request or a transaction is loaded up to there; damage elsewhere is refused"""
    request = lambda *argv: resp.encode([str(part).encode() for part in argv])
    begin = request("SELECT", 0) + b"".join(request("SET", f"k{n}", n) for n in range(100))
    for what, tail, flags in (
        ("a request", request("SET", "half", "x" * 500)[:-200], ()),
        ("a transaction", request("MULTI") + request("SET", "half", 1), ()),
    ):
        folder = folder_with()
        (folder / "appendonly.aof").write_bytes(begin + tail)
        with env.start_subject("--dir", folder) as subject, subject.connect() as connection:
            equal(connection.call("DBSIZE"), (":", b"100"), what)
            equal(connection.call("EXISTS", "half"), (":", b"0"), what)
            check(subject.printed().count("is left out") == 1, subject.printed())
        refused(env, folder, "cut off", "--aof-load-truncated", "no")
        shutil.rmtree(folder)
    for what, bytes_ in (
        ("a wrong length", begin.replace(b"$3\r\nk50", b"$4\r\nk50")),
        ("a length beyond the end", begin.replace(b"$3\r\nk50", b"$9999\r\nk50")),
        ("what is no request", begin + b"SET a b\r\n" + begin),
        ("an unknown command", begin + request("NOSUCH", 1)),
    ):
        folder = folder_with()
        (folder / "appendonly.aof").write_bytes(bytes_)
        refused(env, folder, "damaged at byte")
        shutil.rmtree(folder)


def refused(env, folder, said, *flags):
    """The server does not start there, and says why."""
    server = env.start_subject("--dir", folder, *flags, ready=False)
    try:
        check(server.wait(20) not in (0, None), f"it started: {server.printed()[-500:]}")
        check(said in server.printed(), f"no {said!r} in {server.printed()[-500:]}")
    finally:
        server.stop()


def damaged_files(env):
    """a damaged or cut dump.rdb is refused with its name and the place"""
    with env.start_oracle() as oracle, oracle.connect(30) as connection:
        variety(connection, env.options.seed)
        equal(connection.call("SAVE"), resp.OK)
        whole = (oracle.directory / "dump.rdb").read_bytes()
    r = random.Random(env.options.seed)
    for turn in range(12):
        folder = folder_with()
        bytes_ = bytearray(whole)
        if turn % 3 == 0:
            del bytes_[r.randrange(len(bytes_)):]
        else:
            bytes_[r.randrange(9, len(bytes_))] ^= 1 << r.randrange(8)
        (folder / "dump.rdb").write_bytes(bytes_)
        refused(env, folder, "dump.rdb: ")
        shutil.rmtree(folder)


def offline(env):
    """import makes a folder of data, export a file that Redis loads with the same digest"""
    program = env.command.split()[0]
    task = lambda *argv: subprocess.run([program, *map(str, argv)], capture_output=True, text=True, timeout=60)
    with env.start_oracle() as oracle, oracle.connect(30) as connection:
        play(oracle, env.options.seed, 2)
        variety(connection, env.options.seed)
        # A listpack has no minus zero, and ours keeps Redis's digest but for that.
        digest = connection.call("DEBUG", "DIGEST")
        equal(connection.call("SAVE"), resp.OK)
        dump_file = oracle.directory / "dump.rdb"
        folder, other = folder_with(), folder_with()
        done = task("import", dump_file, "--dir", folder)
        check(done.returncode == 0, done.stdout + done.stderr)
        again = task("import", dump_file, "--dir", folder)
        check(again.returncode != 0 and "already" in again.stderr + again.stdout, again.stdout + again.stderr)
        with env.start_subject("--dir", folder) as subject:
            compare(oracle, subject, "imported")
        done = task("export", other / "dump.rdb", "--dir", folder)
        check(done.returncode == 0, done.stdout + done.stderr)
        with env.start_oracle("--dir", other) as back, back.connect(30) as exported:
            compare(oracle, back, "exported")
            equal(exported.call("DEBUG", "DIGEST"), digest, "the digest")
        nothing = task("export", other / "more.rdb", "--dir", folder_with())
        check(nothing.returncode != 0 and "holds no data" in nothing.stderr + nothing.stdout, nothing.stderr)


def kept(env):
    """what was loaded or copied is there after a restart, and what was written afterwards too"""
    keeping = ("--appendonly", "yes")
    with env.start_oracle() as oracle, oracle.connect(30) as there:
        variety(there, env.options.seed)
        equal(there.call("SAVE"), resp.OK)
        folder, other = folder_with(oracle.directory / "dump.rdb"), folder_with()
        for place in (folder, other):
            with env.start_subject("--dir", place, *keeping) as subject, subject.connect() as client:
                if place == other:
                    client.call("SET", "before", "goes")
                    follow(env, subject, oracle)
                    play(oracle, env.options.seed + 3, 1)
                    in_step(oracle, subject)
                    client.call("REPLICAOF", "NO", "ONE")
                client.call("SET", "mine", 1)
                for name in [key[1] for key in client.call("KEYS", "set *")[1]]:
                    client.call("SPOP", name, 3)
                keys = read_all(subject)
            with env.start_subject("--dir", place, *keeping) as subject:
                compare(keys, subject, "after a restart")
            shutil.rmtree(place)


# ---- the stream

def random_stream(env):
    """random commands while it is followed, databases emptied and exchanged too, leave the same keys"""
    # A copy by way of the disk has its length in front, unlike the diskless one of the other cases.
    with env.start_oracle("--repl-diskless-sync", "no") as oracle, env.start_subject() as subject:
        play(oracle, env.options.seed, 1)
        follow(env, subject, oracle)
        for number in range(ROUNDS):
            play(oracle, env.options.seed + 10 * number, 2)
            in_step(oracle, subject)
            compare(oracle, subject, f"round {number}, seed {env.options.seed}", by_commands=True)
        refused_count = info(subject)["master_refused_commands"]
        equal(refused_count, "0", "commands refused: " + subject.printed()[-800:])


class Writer(threading.Thread):
    """Writes all types at a steady rate."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.connection, self.random = server.connect(60), random.Random(seed)
        self.ends, self.written, self.error = threading.Event(), 0, None

    def run(self):
        try:
            began = time.monotonic()
            while not self.ends.is_set():
                batch = [self.one() for _ in range(100)]
                for frame in pipeline(self.connection, batch):
                    if frame[0] == "-" or frame == resp.CLOSED:
                        raise Failure(resp.show(frame))
                self.written += len(batch)
                ahead = self.written / WRITES_PER_SECOND - (time.monotonic() - began)
                if ahead > 0:
                    time.sleep(ahead)
        except Exception as error:
            self.error = error

    def one(self):
        r = self.random
        n = r.randrange(KEYS)
        key, value = b"key:%d" % n, b"%d" % r.randrange(10**9)
        sort = n % 8
        if sort < 2:
            return r.choice([(b"SET", key, value), (b"APPEND", key, value), (b"SET", key, value, b"EX", b"10000"),
                             (b"SET", key, value, b"PX", b"%d" % r.randrange(1, 200)), (b"DEL", key)])
        if sort == 2:
            return r.choice([(b"HSET", key, b"f%d" % r.randrange(20), value), (b"HINCRBY", key, b"n", b"1"),
                             (b"HDEL", key, b"f%d" % r.randrange(20))])
        if sort == 3:
            return r.choice([(b"RPUSH", key, value), (b"LPUSH", key, value), (b"LPOP", key)])
        if sort == 4:
            return r.choice([(b"SADD", key, value), (b"SPOP", key), (b"SADD", key, b"7", b"8")])
        if sort == 5:
            return r.choice([(b"ZADD", key, value, b"m%d" % r.randrange(30)), (b"ZPOPMIN", key),
                             (b"ZINCRBY", key, b"1.5", b"m1")])
        if sort == 6:
            return r.choice([(b"XADD", key, b"*", b"f", value), (b"XADD", key, b"MAXLEN", b"3", b"*", b"f", value)])
        return r.choice([(b"INCR", key), (b"INCRBYFLOAT", key, b"3"), (b"EXPIRE", key, b"5000")])


def fill(connection):
    r = random.Random(1)
    for start in range(0, KEYS, 1000):
        batch = []
        for n in range(start, start + 1000):
            key, sort = b"key:%d" % n, n % 8
            batch.append([(b"SET", key, b"v%d" % n), (b"SET", key, b"%d" % n, b"PX", b"%d" % (10**8 + n)),
                          (b"HSET", key, b"f1", b"%d" % n, b"f2", b"b"), (b"RPUSH", key, b"a", b"%d" % n, b"c"),
                          (b"SADD", key, b"%d" % n, b"%d" % r.randrange(999)), (b"ZADD", key, b"%d" % n, b"m", b"1", b"m1"),
                          (b"XADD", key, b"%d-1" % (n + 1), b"f", b"%d" % n), (b"SET", key, b"%d" % n)][sort])
        pipeline(connection, batch)


def loaded_stream(env):
    """100,000 keys of all types under writes: followed, links killed, taken over; no key is missing"""
    with env.start_oracle("--repl-backlog-size", "64mb") as oracle, env.start_subject() as subject, \
            oracle.connect(60) as connection:
        fill(connection)
        writer = Writer(oracle, env.options.seed)
        writer.start()
        follow(env, subject, oracle)
        partial = lambda: int(info(oracle, "stats")["sync_partial_ok"])
        for turn in range(4):
            time.sleep(0.4)
            before = partial()
            connection.call("CLIENT", "KILL", "TYPE", "replica")
            until(lambda: partial() > before and info(subject)["master_link_status"] == "up", "the link comes back")
        equal(info(oracle, "stats")["sync_full"], "1", "full copies")
        # Its history has another name now: all data must come again, while it changes.
        connection.call("DEBUG", "CHANGE-REPL-ID")
        connection.call("CLIENT", "KILL", "TYPE", "replica")
        until(lambda: info(oracle, "stats")["sync_full"] == "2" and info(subject)["master_link_status"] == "up",
              "another copy comes")
        time.sleep(1)
        writer.ends.set()
        writer.join(30)
        check(writer.error is None, f"the writer failed: {writer.error}")
        # Short-lived keys die meanwhile; those that are left are compared.
        time.sleep(0.3)
        in_step(oracle, subject)
        with subject.connect() as client:
            equal(client.call("SET", "key:0", "x")[1][:8], b"READONLY")
            equal(client.call("REPLICAOF", "NO", "ONE"), resp.OK)
            equal(info(subject)["role"], "master")
            count = compare(oracle, subject, "taken over", by_commands=True)
            equal(client.call("SET", "key:0", "mine"), resp.OK)
        equal(info(subject)["master_refused_commands"] if "master_refused_commands" in info(subject) else "0", "0")
        print(f"       {count} keys, {writer.written} writes meanwhile", flush=True)
        check(writer.written > 5000, f"only {writer.written} writes")
        # What is written there now is nobody's business here.
        connection.call("SET", "key:0", "theirs")
        time.sleep(0.2)
        with subject.connect() as client:
            equal(client.call("GET", "key:0"), ("$", b"mine"))


def blocked_and_subscribed(env):
    """who waits, watches, listens or caches here is told of what is written there"""
    with env.start_oracle() as oracle, env.start_subject() as subject, oracle.connect() as there, \
            subject.connect() as waiting, subject.connect() as reading, subject.connect() as listening:
        there.call("XADD", "s", "1-1", "f", "v")
        waiting.send([b"BLPOP", b"list", b"0"])
        time.sleep(0.1)
        follow(env, subject, oracle)
        check(waiting.reply()[1].startswith(b"UNBLOCKED"), "a blocked client is not told")
        equal(waiting.call("BLPOP", "list", 0)[1][:8], b"READONLY")
        reading.send([b"XREAD", b"BLOCK", b"0", b"STREAMS", b"s", b"$"])
        listening.call("HELLO", "3")
        listening.call("CLIENT", "TRACKING", "ON", "BCAST")
        listening.call("SUBSCRIBE", "news")
        listening.pushes.clear()
        waiting.call("WATCH", "w")
        waiting.call("MULTI")
        waiting.call("PING")
        there.call("XADD", "s", "2-1", "f", "w")
        frame = reading.reply(5)
        check(frame[0] == "*" and b"2-1" in resp.show(frame).encode(), f"XREAD was answered {resp.show(frame)}")
        there.call("SET", "w", 1)
        there.call("PUBLISH", "news", "good")
        in_step(oracle, subject)
        equal(waiting.call("EXEC"), ("*", None))
        listening.call("PING")
        told = " ".join(map(resp.show, listening.pushes))
        check('"w"' in told and '"good"' in told, f"pushes: {told}")
        role = waiting.call("ROLE")
        equal([role[1][at][1] for at in (0, 1, 2, 3)], [b"slave", b"127.0.0.1", b"%d" % oracle.port, b"connected"])
        equal(waiting.call("REPLICAOF", "127.0.0.1", oracle.port), ("+", b"OK Already connected to specified master"))
        equal(waiting.call("CONFIG", "GET", "replicaof")[1][1], ("$", b"127.0.0.1 %d" % oracle.port))
        equal(waiting.call("CONFIG", "SET", "replica-read-only", "no"), resp.OK)
        equal(waiting.call("SET", "own", 1), resp.OK)


def wrong_password(env):
    """a wrong password is named in the log, the right one lets the data come, also by user"""
    with env.start_oracle("--requirepass", "right", password="right") as oracle, env.start_subject() as subject, \
            subject.connect() as client, oracle.connect() as there:
        there.call("SET", "k", "v")
        there.call("ACL", "SETUSER", "copier", "on", ">secret", "+psync", "+replconf", "+ping")
        there.call("CONFIG", "SET", "repl-diskless-sync-delay", "0")
        client.call("SET", "mine", "stays until the data comes")
        client.call("CONFIG", "SET", "masterauth", "wrong")
        equal(client.call("REPLICAOF", "127.0.0.1", oracle.port), resp.OK)
        until(lambda: "password (masterauth) is refused" in subject.printed(), "the log says so")
        equal(info(subject)["master_link_status"], "down")
        equal(client.call("GET", "mine"), ("$", b"stays until the data comes"))
        check("wrong" not in subject.printed().replace("WRONGPASS", ""), "the password is in the log")
        client.call("CONFIG", "SET", "replica-serve-stale-data", "no")
        equal(client.call("GET", "mine")[1][:10], b"MASTERDOWN")
        client.call("CONFIG", "SET", "masterauth", "right")
        until(lambda: info(subject)["master_link_status"] == "up", "the link is up")
        equal(client.call("GET", "k"), ("$", b"v"))
        equal(client.call("GET", "mine"), ("$", None))
        client.call("REPLICAOF", "NO", "ONE")
        client.call("CONFIG", "SET", "masteruser", "copier", "masterauth", "secret")
        client.call("REPLICAOF", "127.0.0.1", oracle.port)
        until(lambda: info(subject)["master_link_status"] == "up", "the link is up, as a user")


def nobody_there(env):
    """a host that is not there leaves the data, and is tried until it is"""
    with env.start_subject() as subject, subject.connect() as client:
        client.call("SET", "mine", 1)
        equal(client.call("REPLICAOF", "127.0.0.1", "66000")[1], b"ERR Invalid master port")
        equal(client.call("REPLICAOF", "127.0.0.1", env.ports.free()), resp.OK)
        until(lambda: "cannot connect" in subject.printed(), "the log says so")
        equal(client.call("ROLE")[1][3][1] in (b"connect", b"connecting"), True)
        equal(client.call("GET", "mine"), ("$", b"1"))
        equal(client.call("REPLICAOF", "no.such.host.invalid", 1), resp.OK)
        until(lambda: subject.printed().count("cannot connect") > 1, "the log says so")
        equal(client.call("SLAVEOF", "NO", "ONE"), resp.OK)
        equal(client.call("SLAVEOF", "NO", "ONE"), resp.OK)
        equal(client.call("SET", "mine", 2), resp.OK)
        equal(client.call("ROLE")[1][0][1], b"master")


def itself(env):
    """following itself is refused, or found out"""
    with env.start_subject("--bind", "127.0.0.1", "127.0.0.2") as subject, subject.connect() as client:
        equal(client.call("REPLICAOF", "127.0.0.1", subject.port)[1], b"ERR REPLICAOF names this server itself")
        equal(client.call("REPLICAOF", "127.0.0.2", subject.port), resp.OK)
        until(lambda: "this is the server itself" in subject.printed(), "the log says so")
