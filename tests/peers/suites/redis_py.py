"""redis-py, RESP2 and RESP3: see `clients/redis_py.py`."""

from needs import PEERS, PYTHON
from .child import drive


def run(env):
    drive(env, [PYTHON, PEERS / "clients" / "redis_py.py"], at_least=20)
