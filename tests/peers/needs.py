"""Brings in what the suites need: Debian packages, a Python environment, node modules, cargo.

Each step looks first and does nothing when its result is there, so a second run costs no time.
Invariant: no daemon is left running. Debian starts a redis service on installation; a policy file keeps
it from starting, and the service is switched off where systemd is the init.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parent
VENV = PEERS / ".venv"
PYTHON = VENV / "bin" / "python"
REDIS_VERSION = "7.0.15"

# Program -> Debian package that has it, and the suites that need it (None: all).
PROGRAMS = {
    "redis-server": ("redis-server", None),
    "redis-cli": ("redis-tools", None),
    "redis-benchmark": ("redis-tools", None),
    "node": ("nodejs", {"ioredis", "node_redis"}),
    "npm": ("npm", {"ioredis", "node_redis"}),
}


def install(suites):
    """Makes sure that the named suites can run; says what it does, ends the run if it cannot."""
    _debian({package for program, (package, wanted) in PROGRAMS.items()
             if not shutil.which(program) and (wanted is None or wanted & set(suites))})
    version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout
    if f"v={REDIS_VERSION}" not in version:
        print(f"note: the reference is redis-server {REDIS_VERSION}; here is {version.strip()}")
    if {"redis_py", "celery", "rq"} & set(suites):
        _python()
    if {"ioredis", "node_redis"} & set(suites):
        _node()


def _debian(packages):
    if not packages:
        return
    print(f"installing {' '.join(sorted(packages))}", flush=True)
    run = [] if os.geteuid() == 0 else ["sudo"]
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        subprocess.run([*run, "tee", policy], input=b"#!/bin/sh\nexit 101\n",
                       stdout=subprocess.DEVNULL, check=True)
        subprocess.run([*run, "chmod", "755", policy], check=True)
    try:
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run([*run, "apt-get", "update", "-qq"], check=True, **quiet)
        subprocess.run([*run, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *sorted(packages)],
                       check=True, **quiet)
    finally:
        if ours:
            subprocess.run([*run, "rm", "-f", policy], check=True)
    if Path("/run/systemd/system").exists() and "redis-server" in packages:
        subprocess.run([*run, "systemctl", "disable", "--now", "redis-server"], check=False)


def _stamped(stamp, *sources):
    """Whether `stamp` holds the present contents of the sources."""
    return stamp.exists() and stamp.read_text() == "".join(source.read_text() for source in sources)


def _python():
    stamp, wanted = VENV / "stamp", PEERS / "requirements.txt"
    if _stamped(stamp, wanted):
        return
    print("making tests/peers/.venv", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True)
    if made.returncode != 0:
        _debian({"python3-venv"})
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", wanted],
                   check=True)
    stamp.write_text(wanted.read_text())


def _node():
    stamp = PEERS / "node_modules" / ".stamp"
    lock = PEERS / "package-lock.json"
    if _stamped(stamp, lock):
        return
    print("installing tests/peers/node_modules", flush=True)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=PEERS, check=True)
    stamp.write_text(lock.read_text())
