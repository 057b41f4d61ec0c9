"""RESP2 and RESP3 over a raw socket, keeping every reply's exact type.

A client library folds `$-1` and `*-1`, `+OK` and `$2 OK` into one value; a comparison of two servers
must not. A frame is a tuple whose first element is the type byte as a string:

    ("+", bytes) ("-", bytes) (":", bytes) ("$", bytes | None) ("*", list | None) ("_",)
    ("#", bytes) (",", bytes) ("(", bytes) ("=", bytes) ("!", bytes) ("%", pairs) ("~", list) (">", list)

Numbers stay bytes, so `:1` and `:+1` differ. Two frames stand for no bytes at all:
`CLOSED` (the server closed the connection) and `SILENT` (it did not answer in time).
Not here: what a reply means. See `differential/rules.py`.
"""

import socket
import time

CLOSED = ("closed",)
SILENT = ("silent",)
OK = ("+", b"OK")
QUEUED = ("+", b"QUEUED")

_INLINE = frozenset(b"+-:#,(")
_BULK = frozenset(b"$=!")
_LIST = frozenset(b"*~>")


class Incomplete(Exception):
    """The buffer ends inside a frame."""


class Malformed(Exception):
    """The bytes are no RESP at all."""


def encode(argv):
    """The request as an array of bulk strings."""
    out = [b"*%d\r\n" % len(argv)]
    for part in argv:
        out.append(b"$%d\r\n%b\r\n" % (len(part), part))
    return b"".join(out)


def decode(data, at, aside):
    """One frame of `data` from `at`, and where it ends. Pushes inside an aggregate go to `aside`.

    An EXEC that publishes to its own connection has a push between its elements: RESP3 lets a push
    stand anywhere, and a client takes it out of the stream.
    """
    end = data.find(b"\r\n", at)
    if end < 0:
        raise Incomplete
    kind, head = data[at], bytes(data[at + 1 : end])
    at = end + 2
    if kind in _INLINE:
        return (chr(kind), head), at
    if kind == 0x5F:  # _
        return ("_",), at
    try:
        count = int(head)
    except ValueError:
        raise Malformed(bytes(data[: at + 40])) from None
    if kind in _BULK:
        if count < 0:
            return (chr(kind), None), at
        if len(data) < at + count + 2:
            raise Incomplete
        if data[at + count : at + count + 2] != b"\r\n":
            raise Malformed(bytes(data[at : at + count + 2]))
        return (chr(kind), bytes(data[at : at + count])), at + count + 2
    if kind in _LIST:
        if count < 0:
            return (chr(kind), None), at
        items, at = _elements(data, at, count, aside)
        return (chr(kind), items), at
    if kind == 0x25:  # %
        items, at = _elements(data, at, 2 * count, aside)
        return ("%", list(zip(items[::2], items[1::2]))), at
    raise Malformed(bytes(data[: at + 40]))


def _elements(data, at, count, aside):
    items = []
    while len(items) < count:
        frame, at = decode(data, at, aside)
        if frame[0] == ">":
            aside.append(frame)
        else:
            items.append(frame)
    return items, at


def show(frame, limit=400):
    """One line for people: `$"abc"`, `*[:1, $nil]`, `%{...}`."""
    text = _show(frame)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def _show(frame):
    kind = frame[0]
    if len(frame) == 1:
        return kind
    body = frame[1]
    if body is None:
        return kind + "nil"
    if isinstance(body, bytes):
        return kind + quote(body) if kind in "$=!" else kind + body.decode("latin-1")
    if kind == "%":
        return "%{" + ", ".join(f"{_show(k)}: {_show(v)}" for k, v in body) + "}"
    return kind + "[" + ", ".join(_show(item) for item in body) + "]"


def quote(data):
    """Bytes as redis-cli would have them typed."""
    out = []
    for byte in data:
        if byte in (0x22, 0x5C):
            out.append("\\" + chr(byte))
        elif 32 <= byte < 127:
            out.append(chr(byte))
        else:
            out.append(f"\\x{byte:02x}")
    return '"' + "".join(out) + '"'


def show_request(argv):
    """The request as redis-cli would take it."""
    plain = lambda part: part and len(part) < 200 and all(33 <= b < 127 and b not in b"\"'\\" for b in part)
    return " ".join(
        part.decode() if plain(part) else quote(part[:200]) + ("..." if len(part) > 200 else "")
        for part in argv
    )


class Connection:
    """A socket that sends requests and reads frames. `pushes` collects what nobody asked for."""

    def __init__(self, address, timeout=5.0):
        """`address` is a port on 127.0.0.1 or the path of a unix socket."""
        if isinstance(address, int):
            self.socket = socket.create_connection(("127.0.0.1", address), timeout=timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(str(address))
        self.timeout = timeout
        self.buffer = bytearray()
        self.closed = False
        self.pushes = []

    def send(self, argv):
        self.send_bytes(encode(argv))

    def send_bytes(self, data):
        try:
            self.socket.settimeout(self.timeout)
            self.socket.sendall(data)
        except OSError:
            self.closed = True

    def read(self, timeout=None):
        """The next frame of any kind, or CLOSED, or SILENT after `timeout` seconds (0: what is there)."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            frame = self._take()
            if frame is not None:
                return frame
            left = deadline - time.monotonic()
            self.socket.settimeout(max(left, 0.0))
            try:
                chunk = self.socket.recv(1 << 18)
            except (BlockingIOError, TimeoutError):
                return SILENT
            except OSError:
                chunk = b""
            if not chunk:
                self.closed = True
                return CLOSED
            self.buffer += chunk

    def reply(self, timeout=None):
        """The next frame that is not a push; pushes met on the way are kept in `pushes`."""
        while (frame := self.read(timeout))[0] == ">":
            self.pushes.append(frame)
        return frame

    def call(self, *argv):
        """Sends one request of str, int or bytes and reads its reply."""
        self.send([part if isinstance(part, bytes) else str(part).encode() for part in argv])
        return self.reply()

    def read_all(self, quiet=0.3):
        """Every byte until the server closes or says nothing for `quiet` seconds: (bytes, closed)."""
        data = bytes(self.buffer)
        self.buffer.clear()
        self.socket.settimeout(quiet)
        while True:
            try:
                chunk = self.socket.recv(1 << 18)
            except (BlockingIOError, TimeoutError):
                return data, False
            except OSError:
                return data, True
            if not chunk:
                return data, True
            data += chunk

    def close(self):
        self.closed = True
        self.socket.close()

    def _take(self):
        if not self.buffer:
            return None
        aside = []
        try:
            frame, end = decode(self.buffer, 0, aside)
        except Incomplete:
            return None
        self.pushes += aside
        del self.buffer[:end]
        return frame

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
