"""Two servers, the same requests, replies compared one by one.

Each side has the same numbered connections and one control connection that no step uses. An ordinary
step waits for exactly one reply. A step with a *fence* may have none or many, on any connection: then
the oracle is read until two PINGs on its control connection have come back. It runs one thread and
writes all pending output before it reads again, so nothing more can come; the other server is read
until it has sent as many frames, and may take its time.
Invariant: after a difference the two keyspaces are no longer comparable; the caller starts afresh.
"""

import time
from dataclasses import dataclass
from itertools import groupby

import resp
from resp import CLOSED, OK, QUEUED, SILENT, Connection

from . import dump, rules


@dataclass
class Difference:
    """What the two servers said. `where` tells the connection and protocol, or the dump."""

    step: object
    left: str
    right: str
    where: str

    def signature(self):
        """Equal for what is probably one bug: the command's words, the reply types, the error texts."""
        if self.step is None:
            return "the keyspaces", _shape(self.left), _shape(self.right)
        words = [word.decode("latin-1").upper() for word in self.step.argv[:2]]
        name = " ".join(words if words[0] in CONTAINERS else words[:1])
        if self.right.startswith("-ERR unknown command"):
            return name, "(any)", "-ERR unknown command"
        return name, _shape(self.left), _shape(self.right)


CONTAINERS = {"CLIENT", "CONFIG", "OBJECT", "COMMAND", "PUBSUB", "MEMORY", "DEBUG", "XGROUP", "XINFO"}


def _shape(text):
    """An error without what it quotes; of anything else the type and a little of what it says."""
    mask = lambda part: "".join("9" if c.isdigit() else c for c in part)
    if text.startswith("-"):
        return mask(text.partition("'")[0][:60])
    return mask(text[:1] if text[:1] in ":$*%~," else text[:20])


class Side:
    """One server and its connections, opened when first used."""

    def __init__(self, server):
        self.server = server
        self.connections = {}
        self.control = server.connect()

    def on(self, number):
        connection = self.connections.get(number)
        if connection is None or connection.closed:
            connection = self.connections[number] = Connection(self.server.port)
        return connection

    def ask(self, number, *argv):
        """A question of a rule's own, on the step's connection; it sees the step's database."""
        connection = self.on(number)
        connection.send(argv)
        return connection.reply()

    def fence(self):
        for _ in range(2):
            self.control.call("PING")

    def fresh(self):
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()
        if self.control.closed:
            self.control = self.server.connect()
        reply = self.control.call("FLUSHALL")
        if reply != OK:
            raise RuntimeError(f"FLUSHALL gave {resp.show(reply)}")


class Duel:
    def __init__(self, oracle, subject):
        self.sides = (Side(oracle), Side(subject))
        self.queued, self.queued_before = {}, {}

    def fresh(self):
        """Empty databases and no connections: where every replay begins."""
        self.queued, self.queued_before = {}, {}
        for side in self.sides:
            side.fresh()

    def play(self, step):
        """Sends one step to both. A Difference, or None."""
        if step.pause_ms:
            time.sleep(step.pause_ms / 1000)
        queueing = step.connection in self.queued
        play = getattr(step.rule, "play", None)
        if play and not queueing:
            left, right = play(self, step)
            return self._judge(step, left, right)
        for side in self.sides:
            side.on(step.connection).send(step.argv)
        if step.fence:
            return self._play_fenced(step)
        left, right = (side.connections[step.connection].reply() for side in self.sides)
        return self._judge(step, left, right)

    def compare_keyspaces(self):
        """A Difference between the full dumps of both, or None."""
        dumps = []
        for side in self.sides:
            with side.server.connect() as connection:
                dumps.append(dump.read(connection))
        found = dump.first_difference(*dumps)
        return Difference(None, *found) if found else None

    def _play_fenced(self, step):
        oracle, subject = self.sides
        oracle.fence()
        expected = {n: _drain(c) for n, c in oracle.connections.items()}
        given = {n: _drain_until(c, len(expected.get(n, ()))) for n, c in subject.connections.items()}
        subject.fence()
        for number, connection in subject.connections.items():
            given[number] += _drain(connection)
        for number, left in sorted(expected.items()):
            right = given.get(number, [])
            pushes = [[f for f in frames if f[0] == ">"] for frames in (left, right)]
            replies = [[f for f in frames if f[0] != ">"] for frames in (left, right)]
            if number == step.connection and len(replies[0]) == len(replies[1]) == 1:
                difference = self._judge(step, replies[0][0], replies[1][0])
            else:
                difference = self._compare_lists(step, number, *replies)
            difference = difference or self._compare_lists(step, number, *pushes)
            if difference:
                return difference
        return None

    def _compare_lists(self, step, number, left, right):
        if left == right or _patterns_sorted(left) == _patterns_sorted(right):
            return None
        text = lambda frames: " ".join(map(resp.show, frames)) or "(nothing)"
        return Difference(step, text(left), text(right), f"seen on connection {number}")

    def _judge(self, step, left, right):
        self._follow_transaction(step, left)
        if step.rule(self, step, left, right) and not SILENT == left == right:
            return None
        return Difference(step, resp.show(left), resp.show(right), f"connection {step.connection}")

    def _follow_transaction(self, step, reply):
        """Which rules wait in a MULTI, as the oracle's replies tell."""
        queue = self.queued.get(step.connection)
        name = step.argv[0].upper() if step.argv else b""
        self.queued_before = {}
        if queue is None:
            if name == b"MULTI" and reply == OK:
                self.queued[step.connection] = []
        elif reply == QUEUED:
            rule = step.rule if not hasattr(step.rule, "play") else rules.exact
            queue.append(rule)
        elif name in (b"EXEC", b"DISCARD", b"RESET", b"QUIT") or reply == CLOSED:
            if reply[0] != "-" or name == b"EXEC":
                self.queued_before = {step.connection: queue}
                del self.queued[step.connection]


def _patterns_sorted(frames):
    """The frames with each run of pattern messages sorted: which pattern comes first is hash order."""
    is_pattern = lambda f: f[0] in "*>" and f[1] and f[1][0] == ("$", b"pmessage")
    out = []
    for pattern, run in groupby(frames, is_pattern):
        out += sorted(run, key=repr) if pattern else run
    return out


def _drain(connection):
    """What has already arrived, with pushes that were met inside aggregates first."""
    frames = []
    while not connection.closed and (frame := connection.read(0)) != SILENT:
        frames.append(frame)
    pushes, connection.pushes = connection.pushes, []
    return pushes + frames


def _drain_until(connection, count, seconds=2.0):
    frames, deadline = [], time.monotonic() + seconds
    while True:
        frames += _drain(connection)
        if len(frames) >= count or connection.closed or time.monotonic() > deadline:
            return frames
        frame = connection.read(deadline - time.monotonic())
        if frame != SILENT:
            frames.append(frame)
