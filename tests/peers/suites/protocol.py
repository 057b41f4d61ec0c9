"""Malformed and oversized requests over a raw socket.

What Redis answers to the same bytes is the expectation wherever Redis has the same rule: the oracle is
asked live, so no text is copied here. The rest (bounded memory, other connections unharmed) is said as
a check. Invariant: after every case a connection opened before it still gets its PONG.
"""

import socket
import time

import resp
from report import check, equal
from resp import Connection, encode

MIB = 1 << 20

# Sent to both servers on a new connection; all bytes that come back and whether it closes must agree.
MALFORMED = {
    "a multibulk length that is no number": b"*abc\r\n",
    "an empty multibulk length": b"*\r\n",
    "a multibulk length beyond 32 bits": b"*4294967297\r\n",
    "a multibulk length beyond 64 bits": b"*99999999999999999999\r\n",
    "a negative multibulk length is skipped": b"*-5\r\n" + encode([b"PING"]),
    "an empty multibulk is skipped": b"*0\r\n" + encode([b"PING"]),
    "an integer where a bulk should be": b"*1\r\n:1\r\n",
    "a simple string where a bulk should be": b"*2\r\n$4\r\nECHO\r\n+OK\r\n",
    "a bulk length that is no number": b"*1\r\n$x\r\n",
    "an empty bulk length": b"*1\r\n$\r\n",
    "a negative bulk length": b"*1\r\n$-1\r\n",
    "a bulk longer than proto-max-bulk-len": b"*1\r\n$536870913\r\n",
    "a bulk length beyond 64 bits": b"*1\r\n$99999999999999999999\r\n",
    "a bulk length with a sign": b"*1\r\n$+4\r\nPING\r\n",
    "a bulk length with a space": b"*1\r\n$ 4\r\nPING\r\n",
    "a bulk length with leading zeros": b"*1\r\n$04\r\nPING\r\n",
    "a huge multibulk length without its end": b"*" + b"1" * 70_000,
    "a huge bulk length without its end": b"*1\r\n$" + b"1" * 70_000,
    "an inline request of 70,000 bytes without its end": b"a" * 70_000,
    "an inline request with unbalanced quotes": b'SET a "b\r\n',
    "an inline request with text behind a quote": b'SET a "b"c\r\n',
    "good requests before the bad one are answered": encode([b"PING"]) * 3 + b"*1\r\n$x\r\n" + encode([b"PING"]),
    "an HTTP POST closes": b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a Host: header closes": b"Host: x\r\n",
}

# Fine requests in spellings that a parser may get wrong.
FINE = {
    "inline": b"PING\r\n",
    "inline with LF only": b"PING\n",
    "inline with spaces around": b"   PING   \r\n",
    "inline with quotes and escapes": b'ECHO "a\\x41\\n\\"b"\r\n',
    "inline with single quotes": b"ECHO 'it\\'s \\n'\r\n",
    "inline with an empty argument": b'ECHO ""\r\n',
    "inline empty lines": b"\r\n\r\n\nPING\r\n",
    "inline and multibulk in turn": b"PING\r\n" + encode([b"ECHO", b"x"]) + b"PING\r\n",
    "an unknown command": encode([b"NOSUCH", b"a", b"b"]),
    "an unknown command with CR and LF in it": encode([b"NO\r\nSUCH", b"a\r\n-ERR b"]),
    "an unknown command of 300 bytes": encode([b"x" * 300, b"y" * 300]),
    "an empty command name": encode([b"", b"a"]),
    "wrong arity": encode([b"GET"]) + encode([b"GET", b"a", b"b"]),
    "50 empty bulks": encode([b"ECHO"] + [b""] * 50),
}

# Redis is lax here: it looks for line ends with strchr, so that a NUL makes it wait for ever, and it never
# looks at the two bytes behind a bulk. A protocol error and a closed connection are as good, or better.
LAX = {
    "a NUL where a bulk should be": b"*1\r\n\x00\r\n",
    "a bulk that does not end with CRLF": b"*1\r\n$4\r\nPINGxx" + encode([b"PING"]),
    "inline with a NUL": b"ECHO a\x00b\r\n",
}

PIPELINE = [
    [b"SET", b"split:a", b"v\r\n$3\r\n"], [b"GET", b"split:a"], [b"INCR", b"split:n"],
    [b"GET", b"none"], [b"NOSUCH"], [b"ECHO", b""], [b"DEL", b"split:a", b"split:n"],
]


def run(env):
    report = env.report
    with env.start_oracle() as oracle, env.start_subject() as subject:
        bystander = subject.connect()
        for name, data in {**MALFORMED, **FINE, **LAX}.items():
            def same(_, data=data, lax=name in LAX):
                compare(oracle, subject, data, lax)
                equal(bystander.call("PING"), ("+", b"PONG"), "a bystander's PING")
            same.__doc__ = name
            report.run([same], env)
        env.subject, env.oracle = subject, oracle
        report.run([split, byte_by_byte, deep_pipeline, half_closed, idle_partial, announced,
                    many_arguments, reconnecting], env)
    with env.start_subject("--requirepass", "secret", password="secret") as subject, \
            env.start_oracle("--requirepass", "secret", password="secret") as oracle:
        env.subject, env.oracle = subject, oracle
        report.run([before_auth, before_auth_output], env)
    never = ["--client-output-buffer-limit", "normal 67108864 0 0"] if env.subject_is_redis else []
    with env.start_subject(*never) as subject:
        env.subject = subject
        report.run([never_reads], env)


def compare(oracle, subject, data, lax=False):
    """Sends the bytes to both; the answers and the fate of the connection must agree.

    `lax`: a protocol error that closes, or an ordinary answer, is right as well.
    """
    said = []
    for server in (oracle, subject):
        with Connection(server.port) as connection:
            connection.send_bytes(data)
            said.append(connection.read_all(quiet=0.15))
    strict = said[1][1] and said[1][0].startswith(b"-ERR Protocol error: ")
    answered = said[1][0].startswith(b"$") and not said[1][1]
    check(said[0] == said[1] or lax and (strict or answered),
          f"sent     {resp.quote(data[:120])}\nredis    {said[0][0][:300]!r} closed={said[0][1]}\n"
          f"mainstay {said[1][0][:300]!r} closed={said[1][1]}")


def _answers(server, pieces):
    with Connection(server.port) as connection, Connection(server.port) as fence:
        for piece in pieces:
            connection.send_bytes(piece)
            if len(pieces) > 1:
                fence.call("PING")
        return [connection.reply() for _ in PIPELINE]


def split(env):
    """a pipeline cut in two at every byte gets the same replies"""
    data = b"".join(map(encode, PIPELINE))
    whole = _answers(env.oracle, [data])
    for at in range(1, len(data)):
        equal(_answers(env.subject, [data[:at], data[at:]]), whole, f"cut at byte {at}")


def byte_by_byte(env):
    """a pipeline sent byte by byte gets the same replies"""
    data = b"".join(map(encode, PIPELINE))
    pieces = [data[at : at + 1] for at in range(len(data))]
    equal(_answers(env.subject, pieces), _answers(env.oracle, [data]), "replies")


def deep_pipeline(env):
    """a pipeline of 20,000 requests is answered in order"""
    with env.subject.connect() as connection:
        connection.send_bytes(b"".join(encode([b"ECHO", b"%d" % n]) for n in range(20_000)))
        for n in range(20_000):
            equal(connection.reply(), ("$", b"%d" % n), f"reply {n}")


def half_closed(env):
    """a client that closed its sending side still gets its replies"""
    with env.subject.connect() as connection:
        connection.send_bytes(encode([b"PING"]) * 5)
        connection.socket.shutdown(socket.SHUT_WR)
        data, closed = connection.read_all(quiet=2)
        equal((data, closed), (b"+PONG\r\n" * 5, True), "(bytes, closed)")


def idle_partial(env):
    """half a request delays nobody else and is finished later"""
    with env.subject.connect() as slow, env.subject.connect() as quick:
        slow.send_bytes(b"*2\r\n$4\r\nECHO\r\n$10\r\nhal")
        for _ in range(100):
            equal(quick.call("PING"), ("+", b"PONG"))
        slow.send_bytes(b"f-and-h\r\n")
        equal(slow.reply(), ("$", b"half-and-h"), "the late reply")


def announced(env):
    """huge announced lengths take no memory before the bytes come"""
    before = env.subject.rss_bytes()
    open_ = []
    for _ in range(20):
        connection = Connection(env.subject.port)
        connection.send_bytes(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc")
        open_.append(connection)
        connection = Connection(env.subject.port)
        connection.send_bytes(b"*1048576\r\n$1\r\nx\r\n")
        open_.append(connection)
    with env.subject.connect() as other:
        equal(other.call("PING"), ("+", b"PONG"))
    grown = env.subject.rss_bytes() - before
    for connection in open_:
        connection.close()
    # Redis allots 8 MiB of pointers for each announced million; ours may not need more than that.
    limit = 400 * MIB if env.subject_is_redis else 64 * MIB
    check(grown < limit, f"40 connections announced much and sent nothing: RSS grew by {grown // MIB} MiB")


def many_arguments(env):
    """an MSET of 50,000 pairs is done"""
    argv = [b"MSET"] + [part for n in range(50_000) for part in (b"many:%d" % n, b"v")]
    with env.subject.connect() as connection:
        connection.send(argv)
        equal(connection.reply(), resp.OK)
        equal(connection.call("DBSIZE"), (":", b"50000"))
        equal(connection.call("FLUSHALL"), resp.OK)


def reconnecting(env):
    """2,000 connections that come and go leave nothing behind"""
    for _ in range(2000):
        with Connection(env.subject.port) as connection:
            connection.send_bytes(b"*1\r\n$4\r\nPI")
    with env.subject.connect() as connection:
        deadline = time.monotonic() + 5
        while True:
            text = connection.call("INFO", "clients")[1].decode()
            count = int(text.split("connected_clients:")[1].split()[0])
            if count < 20 or time.monotonic() > deadline:
                break
        check(count < 20, f"connected_clients is {count}")


def before_auth(env):
    """before AUTH: errors, at most 10 arguments and 16 KiB a bulk"""
    for data in (
        encode([b"GET", b"a"]), encode([b"PING"]), encode([b"NOSUCH"]), encode([b"GET"]), encode([b"HELLO", b"3"]),
        b"*10\r\n" + b"$1\r\nx\r\n" * 10, b"*11\r\n", b"*2\r\n$4\r\nAUTH\r\n$16384\r\n" + b"x" * 16384 + b"\r\n",
        b"*2\r\n$4\r\nAUTH\r\n$16385\r\n", encode([b"AUTH", b"wrong"]), encode([b"AUTH", b"default", b"wrong"]),
        encode([b"AUTH", b"a", b"b", b"c"]), encode([b"AUTH", b"secret"]) + encode([b"PING"]),
        encode([b"MULTI"]) + encode([b"EXEC"]), encode([b"SUBSCRIBE", b"a"]), encode([b"RESET"]), encode([b"QUIT"]),
        encode([b"AUTH", b"default", b"secret"]) + encode([b"ECHO", b"a" * 20_000]),
        encode([b"HELLO", b"2", b"AUTH", b"default", b"wrong"]), encode([b"CLIENT", b"ID"]), encode([b"COMMAND"]),
    ):
        compare(env.oracle, env.subject, data)


def before_auth_output(env):
    """before AUTH: a client that does not read cannot make the server hold its replies"""
    before = env.subject.rss_bytes()
    with Connection(env.subject.port) as connection:
        connection.socket.settimeout(0.5)
        data = encode([b"GET", b"a"]) * 20_000
        try:
            for _ in range(30):
                connection.socket.sendall(data)
        except OSError:
            pass
        with env.subject.connect() as other:
            equal(other.call("PING"), ("+", b"PONG"))
        grown = env.subject.rss_bytes() - before
    check(grown < 16 * MIB, f"RSS grew by {grown // MIB} MiB")


def never_reads(env):
    """a client that never reads is bounded, and others are served meanwhile"""
    with env.subject.connect() as other:
        equal(other.call("SET", "big", b"x" * MIB), resp.OK)
        before = env.subject.rss_bytes()
        with Connection(env.subject.port, timeout=1) as greedy:
            greedy.send_bytes(encode([b"GET", b"big"]) * 1000)
            peak = 0
            for _ in range(200):
                equal(other.call("PING"), ("+", b"PONG"))
                peak = max(peak, env.subject.rss_bytes() - before)
        check(peak < 300 * MIB, f"1,000 unread replies of 1 MiB: RSS grew by {peak // MIB} MiB")
