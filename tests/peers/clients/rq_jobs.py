"""RQ producing and consuming jobs. Arguments: see suites/child.py.

RQ keeps the results of jobs in streams and takes locks back by scripts; cases that need those are left out
until the server has them.
"""

from datetime import timedelta

import redis
from rq import Queue, Retry, SimpleWorker, Worker
from rq.job import Job, JobStatus

import rq_tasks
from jobs import PORT, run

connection = redis.Redis(port=PORT, db=3)


def work(kind=SimpleWorker, queues=("default",), **more):
    kind([Queue(name, connection=connection) for name in queues], connection=connection).work(
        burst=True, logging_level="CRITICAL", **more)


def queueing():
    """rq, jobs are queued, found, counted and taken away"""
    queue = Queue("quiet", connection=connection)
    jobs = [queue.enqueue(rq_tasks.add, n, 1, job_id=f"quiet-{n}", meta={"n": n}) for n in range(20)]
    first = queue.enqueue(rq_tasks.add, 0, 0, at_front=True)
    assert queue.count == 21 and queue.job_ids[0] == first.id and queue.get_job_position("quiet-3") == 4
    found = Job.fetch("quiet-7", connection=connection)
    assert found.args == (7, 1) and found.meta == {"n": 7} and found.get_status() == JobStatus.QUEUED
    assert [job.id for job in Job.fetch_many(["quiet-1", "none", "quiet-2"], connection=connection) if job] \
        == ["quiet-1", "quiet-2"]
    jobs[5].cancel()
    assert queue.count == 20 and jobs[5].id in queue.canceled_job_registry.get_job_ids()
    jobs[6].delete()
    assert queue.count == 19 and not Job.exists("quiet-6", connection=connection)
    assert queue in Queue.all(connection=connection)
    assert Queue.dequeue_any([queue], None, connection=connection)[0].id == first.id
    assert Queue.dequeue_any([queue], 1, connection=connection)[0].id == "quiet-0"
    queue.remove("quiet-1")
    queue.delete(delete_jobs=False)
    assert queue not in Queue.all(connection=connection)


def scheduled():
    """rq, jobs for later wait in a registry"""
    queue = Queue("later", connection=connection)
    job = queue.enqueue_in(timedelta(hours=1), rq_tasks.add, 1, 2)
    registry = queue.scheduled_job_registry
    assert job in registry and registry.count == 1 and job.get_status() == JobStatus.SCHEDULED
    registry.remove(job)
    assert registry.count == 0


def emptying():
    """rq, a queue is emptied"""
    queue = Queue("full", connection=connection)
    [queue.enqueue(rq_tasks.add, n, n) for n in range(5)]
    queue.empty()
    assert queue.count == 0


def working():
    """rq, a worker does what is queued, in order"""
    connection.delete("order")
    queue = Queue(connection=connection)
    jobs = [queue.enqueue(rq_tasks.note, PORT, n) for n in range(50)]
    last = queue.enqueue(rq_tasks.add, 40, 2)
    work()
    assert last.return_value() == 42 and queue.count == 0
    assert all(job.get_status(refresh=True) == JobStatus.FINISHED for job in jobs)
    assert [int(n) for n in connection.lrange("order", 0, -1)] == list(range(50))
    assert last.id in queue.finished_job_registry and connection.ttl(last.key) > 0


def failing():
    """rq, a job that fails is kept with its reason, and queued again"""
    queue = Queue(connection=connection)
    job = queue.enqueue(rq_tasks.fail)
    work()
    assert job.get_status(refresh=True) == JobStatus.FAILED and job.id in queue.failed_job_registry
    assert "on purpose" in job.latest_result().exc_string
    queue.failed_job_registry.requeue(job.id)
    assert queue.count == 1 and job.id not in queue.failed_job_registry
    work()
    assert job.id in queue.failed_job_registry


def retrying():
    """rq, retries"""
    job = Queue(connection=connection).enqueue(rq_tasks.third_time, PORT, retry=Retry(max=3))
    work()
    assert job.return_value() == 3


def depending():
    """rq, a job that waits for another"""
    queue = Queue(connection=connection)
    first = queue.enqueue(rq_tasks.add, 1, 1)
    second = queue.enqueue(rq_tasks.add, 2, 2, depends_on=first)
    assert second.get_status() == JobStatus.DEFERRED and queue.count == 1
    work()
    assert second.return_value() == 4


def forking():
    """rq, a worker that forks for each job, over two queues"""
    low, high = Queue("low", connection=connection), Queue("high", connection=connection)
    jobs = [low.enqueue(rq_tasks.add, 1, n) for n in range(3)] + [high.enqueue(rq_tasks.add, 2, n) for n in range(3)]
    work(Worker, ("high", "low"))
    assert [job.return_value() for job in jobs] == [1, 2, 3, 2, 3, 4]


run([queueing, scheduled, (emptying, "EVALSHA"),
     *((case, "XADD") for case in (working, failing, retrying, depending, forking))])
