"""No input panics the process: random commands, broken commands and garbage from many connections.

Nothing is compared here; the server must live, answer, and stay within its memory. Unlike
`differential`, several connections are busy at once, replies are at times not read, connections break
at random points, and requests are cut and glued. The seed is printed; threads make the interleaving of
connections differ from run to run, so a failure also prints what each connection sent last.
"""

import random
import threading
import time

import resp
from differential import generate
from differential.families import table
from differential.grammar import Draw
from differential.table import Script
from report import check
from resp import Connection, encode

WORKERS = 8
RSS_LIMIT_BYTES = 1 << 30
# Would end the run, or wait, rather than crash anything.
LEFT_OUT = (b"SHUTDOWN", b"DEBUG", b"PAUSE")


def run(env):
    seconds = env.options.minutes * 60
    print(f"       {seconds:.0f} s, {WORKERS} connections at a time, seed {env.options.seed}", flush=True)
    flags = ["--client-output-buffer-limit", "normal 67108864 0 0"] if env.subject_is_redis else []
    with env.start_subject(*flags) as server:
        workers = [Worker(env.options.seed + n, server.port) for n in range(WORKERS)]
        threads = [threading.Thread(target=worker.work, daemon=True) for worker in workers]
        for thread in threads:
            thread.start()
        deadline, peak, silent = time.monotonic() + seconds, 0, 0
        while time.monotonic() < deadline and server.alive():
            peak = max(peak, server.rss_bytes())
            silent = 0 if server.answers() else silent + 1
            if silent >= 3 or peak > RSS_LIMIT_BYTES:
                break
            time.sleep(0.1)
        for worker in workers:
            worker.stop = True
        for thread in threads:
            thread.join(10)

        def survives(_):
            """the process lives and answers after random commands and garbage"""
            if not server.alive() or not server.answers():
                last = "\n".join(f"connection {n}: {resp.quote(w.last[-300:])}" for n, w in enumerate(workers))
                check(False, f"exit code {server.process.poll()}\n{server.printed()[-2000:]}\nsent last:\n{last}")

        def bounded(_):
            """memory stays bounded"""
            check(peak <= RSS_LIMIT_BYTES, f"RSS reached {peak >> 20} MiB")

        def clean(_):
            """the log tells no panic"""
            lines = [line for line in server.printed().splitlines() if "panicked" in line or "ASSERT" in line]
            check(not lines, "\n".join(lines[:10]))

        env.report.run([survives, bounded, clean], env)
        print(f"       {sum(w.count for w in workers)} requests, peak RSS {peak >> 20} MiB", flush=True)


class Worker:
    """One endless client; `last` holds the bytes it sent last."""

    def __init__(self, seed, port):
        self.draw, self.port = Draw(seed), port
        self.table = table()
        self.random = random.Random(seed)
        self.stop, self.last, self.count = False, b"", 0

    def work(self):
        while not self.stop:
            try:
                with Connection(self.port, timeout=2) as connection:
                    self.converse(connection)
            except (OSError, resp.Malformed):
                continue

    def converse(self, connection):
        """Up to 200 batches on one connection, each of some requests, read or not."""
        for _ in range(self.random.randint(1, 200)):
            if self.stop or connection.closed:
                return
            data = b"".join(self.request() for _ in range(self.random.choice([1, 1, 2, 20])))
            way = self.random.random()
            if way < 0.03:
                data = data[: self.random.randint(0, len(data))]
            elif way < 0.08:
                data = self.damage(data)
            elif way < 0.10:
                data = self.random.randbytes(self.random.randint(1, 3000))
            self.last = data
            connection.send_bytes(data)
            if self.random.random() < 0.9:
                connection.read_all(quiet=0.002)

    def request(self):
        self.count += 1
        d = self.draw
        family = d.choice(self.table.families)
        entry = d.choice(family.entries)
        if isinstance(entry, Script):
            argvs = [step.argv for step in entry.steps(d, self.table, 0)]
        else:
            argvs = [generate.step(d, entry, 0, wrong=0.4).argv]
        out = []
        for argv in argvs:
            said = b" ".join(argv).upper()
            # Anywhere: damage can make a request of what was an argument.
            if not any(word in said for word in LEFT_OUT):
                out.append(encode(argv))
        return b"".join(out)

    def damage(self, data):
        data = bytearray(data)
        for _ in range(self.random.randint(1, 4)):
            if data:
                data[self.random.randrange(len(data))] = self.random.choice(b"*$:+-0123456789\r\n\x00\xff ")
        return bytes(data)
