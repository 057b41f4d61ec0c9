"""RQ: see `clients/rq_jobs.py`."""

from needs import PEERS, PYTHON
from .child import drive


def run(env):
    drive(env, [PYTHON, PEERS / "clients" / "rq_jobs.py"], at_least=2)
