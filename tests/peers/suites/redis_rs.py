"""redis-rs, RESP2 and RESP3: see `redis_rs/src/main.rs`. A cargo workspace of its own."""

import json
import subprocess

from needs import PEERS
from .child import drive


def run(env):
    built = subprocess.run(
        ["cargo", "build", "--quiet", "--locked", "--message-format=json",
         "--manifest-path", PEERS / "redis_rs" / "Cargo.toml"],
        stdout=subprocess.PIPE, text=True, check=True)
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    program = next(m["executable"] for m in messages if m.get("executable"))
    drive(env, [program], at_least=20)
