"""Calls that wait for keys: who is served, with what, and in which order, exactly as redis-server does.

Several connections to each server take turns in a random scenario: some wait (BLPOP, BLMOVE, BZMPOP and
their kin, WAIT), others push, rename, delete, run transactions or unblock them. After every step the same
connections must have heard the same replies on both servers; a wait that one server ends and the other
does not is a difference. Timeouts are 0 or far away, so that the scenario's order decides, not the clock;
their length is tried apart.
"""

import random
import time

import resp
from report import check, equal
from resp import Connection

SCENARIOS = 40
STEPS = 150
CONNECTIONS = 6
PATIENCE = 1.0

LISTS = [b"l0", b"l1", b"l2"]
ZSETS = [b"z0", b"z1"]
ANY = LISTS + ZSETS


def run(env):
    seed = env.options.seed
    with env.start_oracle() as oracle, env.start_subject("--threads", "2") as subject:

        def served_alike(_):
            """who waits is served as redis-server serves them"""
            waits = sum(Scenario(seed + n, oracle.port, subject.port).play() for n in range(SCENARIOS))
            print(f"       {SCENARIOS} scenarios of {STEPS} steps, {waits} waits, seed {seed}", flush=True)

        def in_time(_):
            """timeouts end when they are due, with Redis's answer"""
            for argv in ((b"BLPOP", b"none", b"0.12"), (b"BLMOVE", b"none", b"l", b"LEFT", b"LEFT", b"0.12"),
                         (b"BLMPOP", b"0.12", b"1", b"none", b"LEFT"), (b"BZPOPMIN", b"none", b"0.12"),
                         (b"WAIT", b"1", b"120")):
                answers = []
                for server in (oracle, subject):
                    with Connection(server.port) as client:
                        began = time.monotonic()
                        answers.append(resp.show(client.call(*argv)))
                        spent = time.monotonic() - began
                        check(0.11 < spent < 2, f"{argv[0]} took {spent:.3f} s")
                equal(answers[1], answers[0], resp.show_request(argv))

        def gone_clients(_):
            """nothing is given to a client that has gone"""
            with Connection(subject.port) as client:
                for n in range(50):
                    key = b"gone:%d" % n
                    waiting = Connection(subject.port)
                    waiting.send((b"BLPOP", key, b"0"))
                    wait_until(lambda: blocked(client) == 1)
                    waiting.close()
                    wait_until(lambda: blocked(client) == 0)
                    client.call(b"RPUSH", key, b"1")
                    equal(resp.show(client.call(b"LLEN", key)), ":1", "what nobody took")

        env.report.run([served_alike, in_time, gone_clients], None)


def blocked(client):
    text = client.call(b"INFO", b"clients")[1]
    return int(text.split(b"blocked_clients:")[1].split()[0])


def wait_until(holds):
    end = time.monotonic() + 5
    while not holds():
        check(time.monotonic() < end, "waited for 5 s in vain")
        time.sleep(0.001)


class Scenario:
    """The same steps on both servers, side by side."""

    def __init__(self, seed, *ports):
        self.random = random.Random(seed)
        self.seed = seed
        self.sides = [[Connection(port) for _ in range(CONNECTIONS)] for port in ports]
        self.controls = [Connection(port) for port in ports]
        for control in self.controls:
            control.call(b"FLUSHALL")
        self.ids = [[side[n].call(b"CLIENT", b"ID")[1] for n in range(CONNECTIONS)] for side in self.sides]
        # Replies that each connection still owes, and transactions that are open.
        self.owed = [0] * CONNECTIONS
        self.open = [False] * CONNECTIONS
        self.said = []
        self.waits = 0

    def play(self):
        try:
            for _ in range(STEPS):
                self.step()
            # Whoever still waits is let go, in the same way on both sides.
            for n in range(1, CONNECTIONS):
                if self.owed[n]:
                    self.send(0, lambda side: (b"CLIENT", b"UNBLOCK", self.ids[side][n]))
            for name in ANY:
                self.send(0, lambda side: (b"TYPE", name))
        finally:
            for connection in [*self.sides[0], *self.sides[1], *self.controls]:
                connection.close()
        return self.waits

    def step(self):
        free = [n for n in range(CONNECTIONS) if not self.owed[n]]
        # The first never waits: it may have to let the others go.
        n = self.random.choice(free)
        if self.open[n]:
            argv = self.random.choice([self.write, self.write, self.wait, lambda: (b"EXEC",)])()
            self.open[n] = argv != (b"EXEC",)
        elif n and self.random.random() < 0.45:
            argv = self.wait()
        elif self.random.random() < 0.06:
            argv, self.open[n] = (b"MULTI",), True
        elif self.random.random() < 0.08:
            other = self.random.randrange(CONNECTIONS)
            how = self.random.choice([(), (b"TIMEOUT",), (b"ERROR",)])
            self.send(n, lambda side: (b"CLIENT", b"UNBLOCK", self.ids[side][other], *how))
            return
        else:
            argv = self.write()
        self.send(n, lambda _: argv)

    def some(self, names):
        return self.random.sample(names, self.random.randint(1, len(names)))

    def wait(self):
        pick, timeout = self.random.choice, self.random.choice([b"0", b"500", b"99.5"])
        side, names = pick([b"LEFT", b"RIGHT"]), self.some(LISTS)
        ranked = self.some(ZSETS)
        return pick([
            (b"WAIT", pick([b"0", b"1"]), pick([b"0", b"99500"])),
            (pick([b"BLPOP", b"BRPOP"]), *names, timeout),
            (pick([b"BLPOP", b"BRPOP"]), *self.some(ANY), timeout),
            (b"BLMOVE", pick(LISTS), pick(LISTS), side, pick([b"LEFT", b"RIGHT"]), timeout),
            (b"BRPOPLPUSH", pick(LISTS), pick(ANY), timeout),
            (b"BLMPOP", timeout, b"%d" % len(names), *names, side, b"COUNT", b"%d" % self.random.randint(1, 3)),
            (pick([b"BZPOPMIN", b"BZPOPMAX"]), *ranked, timeout),
            (b"BZMPOP", timeout, b"%d" % len(ranked), *ranked, pick([b"MIN", b"MAX"]),
             b"COUNT", b"%d" % self.random.randint(1, 3)),
        ])

    def write(self):
        pick, value = self.random.choice, b"%d" % self.random.randrange(1000)
        return pick([
            (pick([b"LPUSH", b"RPUSH"]), pick(LISTS), value),
            (pick([b"LPUSH", b"RPUSH"]), pick(LISTS), value, value + b"b", value + b"c"),
            (b"LPUSH", pick(LISTS), value),
            (b"ZADD", pick(ZSETS), value, b"m" + value),
            (b"ZADD", pick(ZSETS), value, b"m" + value, b"3", b"n", b"7", b"o"),
            (b"LMOVE", pick(LISTS), pick(LISTS), b"LEFT", b"RIGHT"),
            (b"LPOP", pick(LISTS)),
            (b"DEL", pick(ANY)),
            (b"SET", pick(ANY), b"text"),
            (b"RENAME", pick(ANY), pick(ANY)),
            (b"COPY", pick(ANY), pick(ANY), b"REPLACE"),
            (b"ZUNIONSTORE", pick(ZSETS), b"2", *ZSETS),
            (b"LINSERT", pick(LISTS), b"BEFORE", b"3", value),
            (b"FLUSHDB",) if self.random.random() < 0.2 else (b"ZPOPMIN", pick(ZSETS)),
        ])

    def send(self, n, request):
        """Sends a request to both servers; both must then answer the same connections alike."""
        shown = resp.show_request(request(0))
        self.said.append(f"{n}> {shown}")
        for number, side in enumerate(self.sides):
            side[n].send(request(number))
        self.owed[n] += 1
        first = self.collect(0)
        second = self.collect(1, first)
        if first != second:
            tail = "\n".join(self.said[-12:])
            check(False, f"seed {self.seed}, step {len(self.said)}\n{tail}\nredis    {first}\nmainstay {second}")
        for connection, replies in first.items():
            self.owed[connection] -= len(replies)
        self.waits += self.owed[n]

    def collect(self, number, expected=None):
        """What connections hear until all that have heard nothing are counted as blocked; if that is not
        what was expected, some time later."""
        side, control, heard = self.sides[number], self.controls[number], {}
        end = time.monotonic() + PATIENCE
        while True:
            waiting = blocked(control)
            for connection in range(CONNECTIONS):
                while self.owed[connection] > len(heard.get(connection, [])):
                    reply = side[connection].read(timeout=0)
                    if reply == resp.SILENT:
                        break
                    heard.setdefault(connection, []).append(resp.show(reply))
            settled = waiting == sum(self.owed) - sum(map(len, heard.values()))
            if settled and expected in (None, heard) or time.monotonic() > end:
                return heard
