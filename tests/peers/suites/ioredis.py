"""ioredis, the client under BullMQ: see `clients/ioredis.mjs`."""

from needs import PEERS
from .child import drive


def run(env):
    drive(env, ["node", PEERS / "clients" / "ioredis.mjs"], cwd=PEERS)
