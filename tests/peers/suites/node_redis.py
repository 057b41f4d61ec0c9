"""node-redis, RESP2 and RESP3: see `clients/node_redis.mjs`."""

from needs import PEERS
from .child import drive


def run(env):
    drive(env, ["node", PEERS / "clients" / "node_redis.mjs"], cwd=PEERS, at_least=20)
