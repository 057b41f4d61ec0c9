"""Runs a client program in another language against the server under test and reads its lines.

The program gets three servers by its arguments: `PORT PASSWORD_PORT PASSWORD SOCKET`. It prints
`ok NAME` or `not ok NAME: why` for each case and ends with code 0.
"""

import os
import subprocess
import tempfile
from pathlib import Path

PASSWORD = "correct horse"
SECONDS = 120


def drive(env, argv, cwd=None, at_least=10):
    """Starts the servers, runs `argv` with their addresses added, and takes its lines into the report."""
    with tempfile.TemporaryDirectory(prefix="peers-") as directory:
        socket = Path(directory) / "s"
        with env.start_subject("--unixsocket", socket) as plain, \
                env.start_subject("--requirepass", PASSWORD, password=PASSWORD) as guarded:
            argv = [*map(str, argv), str(plain.port), str(guarded.port), PASSWORD, str(socket)]
            done = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=SECONDS, env={**os.environ, "NODE_NO_WARNINGS": "1"})
            seen = env.report.take(done.stdout.splitlines())
            if done.returncode != 0 or seen < at_least:
                env.report.fail("the program ends well", f"exit code {done.returncode}, {seen} cases seen")
            if not (plain.answers() and guarded.answers()):
                env.report.fail("the servers live on", plain.printed()[-1000:] + guarded.printed()[-1000:])
