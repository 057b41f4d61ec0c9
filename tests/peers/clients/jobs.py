"""What the programs of the job libraries share: running cases, and knowing what the server can.

A case that needs a command which the server does not have yet is named and left out; it runs by itself once
the command is there.
"""

import sys
import time
import traceback

import redis

PORT, GUARDED, PASSWORD, SOCKET = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]


def has(command):
    """Whether the server has a command of this name."""
    return bool(redis.Redis(port=PORT).execute_command("COMMAND LIST", "FILTERBY", "PATTERN", command))


def until(condition, what, seconds=20):
    """Waits for something that another process brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s: {what}")
        time.sleep(0.02)


def run(cases):
    """`cases` are functions, or pairs of one and the commands that it needs."""
    for case in cases:
        case, *needed = case if isinstance(case, tuple) else (case,)
        name = case.__doc__.strip().splitlines()[0]
        lacking = [command for command in needed if not has(command)]
        if lacking:
            print(f"left out until there is {' and '.join(lacking)}: {name}", flush=True)
            continue
        try:
            case()
            print(f"ok {name}", flush=True)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)
            line = next((f for f in reversed(where) if f.filename == sys.argv[0]), where[-1])
            print(f"not ok {name}: {type(error).__name__}: {error} (line {line.lineno}: {line.line})", flush=True)
