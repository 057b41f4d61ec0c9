"""Starting, watching and stopping the servers that a run talks to.

Each server gets a port nobody uses, an empty directory of its own and its own log file; all of them
end with the run, whatever happens. Invariant: only processes started here are ever signalled.
"""

import atexit
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from resp import Connection

PEERS = Path(__file__).resolve().parent
ROOT = PEERS.parent.parent
ORACLE = 'redis-server --port {port} --save "" --appendonly no --enable-debug-command yes'


def mainstay_command():
    """The newest mainstay-server that cargo has built here, or None."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [target / profile / "mainstay-server" for profile in ("release", "debug")]
    built = [path for path in built if path.exists()]
    if not built:
        return None
    newest = max(built, key=lambda path: path.stat().st_mtime)
    return f'{shlex.quote(str(newest))} --port {{port}} --save "" --appendonly no'


class Ports:
    """Hands out free ports, from a range when one is given, each in its turn."""

    def __init__(self, given=None):
        self.range = list(range(given[0], given[1] + 1)) if given else None

    def free(self):
        if self.range is None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                return probe.getsockname()[1]
        for _ in self.range:
            port = self.range.pop(0)
            self.range.append(port)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
        raise SystemExit("no port of the range given by --ports is free")


class Server:
    """One server process. `command` has `{port}` in it; `flags` are added behind."""

    def __init__(self, command, port, flags=(), ready=True, password=None):
        self.port = port
        self.password = password
        self.directory = Path(tempfile.mkdtemp(prefix="peers-"))
        self.log = self.directory / "log"
        self.argv = shlex.split(command.replace("{port}", str(port)))
        self.argv += ["--dir", str(self.directory), *map(str, flags)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.argv, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        atexit.register(self.stop)
        if ready:
            self._wait_until_ready()

    def connect(self, timeout=5.0):
        connection = Connection(self.port, timeout)
        if self.password:
            connection.call("AUTH", self.password)
        return connection

    def alive(self):
        return self.process.poll() is None

    def answers(self):
        """Whether the process lives and a new connection gets its PONG."""
        try:
            with self.connect() as connection:
                return self.alive() and connection.call("PING") == ("+", b"PONG")
        except OSError:
            return False

    def rss_bytes(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def printed(self):
        return self.log.read_text(errors="replace")

    def wait(self, seconds=10.0):
        """The exit code, or None when the process still runs after `seconds`."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self):
        atexit.unregister(self.stop)
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            if self.wait(5.0) is None:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _wait_until_ready(self):
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if not self.alive():
                break
            if self.answers():
                return
            time.sleep(0.02)
        text = self.printed()[-2000:]
        self.stop()
        raise RuntimeError(f"{shlex.join(self.argv)} did not start:\n{text}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
