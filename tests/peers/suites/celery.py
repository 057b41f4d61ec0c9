"""Celery and kombu: see `clients/celery_jobs.py`."""

from needs import PEERS, PYTHON
from .child import drive


def run(env):
    drive(env, [PYTHON, PEERS / "clients" / "celery_jobs.py"])
