"""Celery, and kombu by itself, producing and consuming. Arguments: see suites/child.py.

The worker is a process of its own, started by this program with `worker` as a fifth argument. It runs without
gossip, mingling and remote control: their queues expire, and kombu binds such queues by a script. Whoever
looks after messages that others left unacknowledged gives back a lock by a script, too; until there are scripts,
that lock is held here, so that no worker takes it.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid

import redis
from celery import Celery, chain, chord, group
from kombu import Connection, Consumer, Exchange, Producer, Queue

from jobs import GUARDED, PASSWORD, PORT, has, run, until

BROKER = f"redis://127.0.0.1:{PORT}/1"
app = Celery("celery_jobs", broker=BROKER, backend=f"redis://127.0.0.1:{PORT}/2")
app.conf.update(worker_enable_remote_control=False, broker_connection_retry_on_startup=True, result_expires=600,
                task_acks_late=True, worker_prefetch_multiplier=2, worker_hijack_root_logger=False,
                broker_transport_options={"queue_order_strategy": "priority"}, task_queue_max_priority=10)
broker, backend = redis.Redis(port=PORT, db=1), redis.Redis(port=PORT, db=2)


@app.task(name="add")
def add(a, b):
    return a + b


@app.task(name="fail")
def fail():
    raise KeyError("on purpose")


@app.task(name="note")
def note(word):
    redis.Redis(port=PORT).rpush("notes", word)


@app.task(name="total")
def total(numbers):
    return sum(numbers)


@app.task(bind=True, name="stubborn", max_retries=3)
def stubborn(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.3)
    return self.request.retries


def results():
    """celery, the result of a task"""
    assert add.delay(2, 3).get(timeout=20) == 5


def many():
    """celery, 300 tasks, each once"""
    asked = [add.delay(n, 1) for n in range(300)]
    assert [result.get(timeout=30) for result in asked] == list(range(1, 301))


def failing():
    """celery, an exception travels"""
    try:
        fail.delay().get(timeout=20)
        raise AssertionError("no exception")
    except KeyError as error:
        assert error.args == ("on purpose",), error


def retrying():
    """celery, retries with a delay"""
    assert stubborn.delay().get(timeout=20) == 2


def later():
    """celery, a countdown"""
    began = time.monotonic()
    assert add.apply_async((1, 1), countdown=1).get(timeout=20) == 2
    assert time.monotonic() - began > 0.9


def composed():
    """celery, chains and groups"""
    assert chain(add.s(1, 2), add.s(10), add.s(100))().get(timeout=20) == 113
    assert group(add.s(n, n) for n in range(20))().get(timeout=20) == [2 * n for n in range(20)]


def joined():
    """celery, a chord"""
    assert chord((add.s(n, n) for n in range(5)), total.s())().get(timeout=20) == 20


def stored():
    """celery, results are kept with a deadline, and forgotten when told so"""
    result = add.delay(4, 4)
    result.get(timeout=20)
    key = f"celery-task-meta-{result.id}"
    assert 500 < backend.ttl(key) <= 600
    result.forget()
    assert not backend.exists(key)


def settled():
    """celery, nothing is left unacknowledged"""
    until(lambda: not broker.exists("unacked") and not broker.llen("celery"), "the queue is empty")


def stopping():
    """celery, a worker that is told to stop finishes and gives back what it has not begun"""
    redis.Redis(port=PORT).delete("notes")
    asked = [note.delay(n) for n in range(100)]
    worker = start_worker()
    until(lambda: redis.Redis(port=PORT).llen("notes") > 5, "the worker works")
    stop(worker)
    done = redis.Redis(port=PORT).llen("notes")
    assert not broker.exists("unacked") and done + broker.llen("celery") == len(asked), (done, broker.llen("celery"))
    worker = start_worker()
    until(lambda: redis.Redis(port=PORT).llen("notes") == 100, "the next worker does the rest")
    stop(worker)
    assert sorted(map(int, redis.Redis(port=PORT).lrange("notes", 0, -1))) == list(range(100))


def simple_queue():
    """kombu, a simple queue"""
    with Connection(BROKER) as connection:
        queue = connection.SimpleQueue("simple")
        for n in range(20):
            queue.put({"n": n})
        assert queue.qsize() == 20
        for n in range(20):
            message = queue.get(timeout=5)
            assert message.payload == {"n": n}
            message.ack()
        queue.close()


def idle():
    """kombu, waiting for nothing, and looking after what others left unacknowledged"""
    with Connection(BROKER) as connection:
        queue = connection.SimpleQueue("idle")
        try:
            queue.get(block=True, timeout=0.3)
            raise AssertionError("a message out of nothing")
        except queue.Empty:
            pass
        queue.close()


def routing():
    """kombu, direct and topic exchanges, acknowledging, rejecting, requeueing"""
    direct, topic = Exchange("direct-x", type="direct"), Exchange("topic-x", type="topic")
    queues = [Queue("red", direct, routing_key="red"), Queue("all", topic, routing_key="a.#")]
    seen = []

    def take(body, message):
        seen.append((message.delivery_info["routing_key"], body))
        if body == "again" and seen.count(seen[-1]) == 1:
            message.requeue()
        elif body == "no":
            message.reject()
        else:
            message.ack()

    with Connection(BROKER) as connection, connection.channel() as channel:
        for queue in queues:
            queue(channel).declare()
        with Producer(channel) as producer:
            producer.publish("yes", exchange=direct, routing_key="red")
            producer.publish("lost", exchange=direct, routing_key="blue")
            producer.publish("again", exchange=topic, routing_key="a.b.c")
            producer.publish("no", exchange=topic, routing_key="a.x")
        with Consumer(channel, queues, callbacks=[take]):
            while len(seen) < 4:
                connection.drain_events(timeout=5)
        assert sorted(seen) == [("a.b.c", "again")] * 2 + [("a.x", "no"), ("red", "yes")], seen
    assert not broker.exists("unacked") and not broker.exists("red") and not broker.exists("all")


def unacknowledged():
    """kombu, what was not acknowledged comes back when the channel closes"""
    with Connection(BROKER) as connection:
        channel = connection.channel()
        queue = Queue("held", Exchange("held-x"), routing_key="held")(channel)
        queue.declare()
        Producer(channel).publish("kept", exchange="held-x", routing_key="held")
        assert queue.get().payload == "kept" and broker.zcard("unacked_index") == 1
        channel.close()
    with Connection(BROKER) as connection:
        message = Queue("held", Exchange("held-x"), routing_key="held")(connection.channel()).get()
        assert message.payload == "kept"
        message.ack()


def fanning_out():
    """kombu, a fanout exchange reaches everyone who listens"""
    heard, ready = [], threading.Barrier(3)

    def listen(name):
        with Connection(BROKER) as connection, connection.channel() as channel:
            queue = Queue(f"fan-{name}", Exchange("fan-x", type="fanout"))
            with Consumer(channel, [queue], callbacks=[lambda body, m: (heard.append((name, body)), m.ack())]):
                try:
                    connection.drain_events(timeout=0.2)
                except OSError:
                    pass
                ready.wait(10)
                while (name, "last") not in heard:
                    connection.drain_events(timeout=5)

    threads = [threading.Thread(target=listen, args=(name,)) for name in ("one", "two")]
    [thread.start() for thread in threads]
    ready.wait(10)
    with Connection(BROKER) as connection, connection.channel() as channel:
        producer = Producer(channel, exchange=Exchange("fan-x", type="fanout"))
        for body in ("first", "last"):
            producer.publish(body)
    [thread.join(10) for thread in threads]
    assert sorted(heard) == [(n, b) for n in ("one", "two") for b in ("first", "last")], heard


def priorities():
    """kombu, messages of higher priority first"""
    with Connection(BROKER) as connection, connection.channel() as channel:
        queue = Queue("ranked", Exchange("ranked-x"), routing_key="ranked", max_priority=9)(channel)
        queue.declare()
        for priority in (9, 3, 6, 0):
            Producer(channel).publish(priority, exchange="ranked-x", routing_key="ranked", priority=priority)
        seen = [queue.get(no_ack=True).payload for _ in range(4)]
        assert seen == [0, 3, 6, 9], seen


def guarded():
    """kombu, a password"""
    url = f"redis://:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{GUARDED}/0"
    with Connection(url) as connection:
        queue = connection.SimpleQueue(f"q-{uuid.uuid4()}")
        queue.put("x")
        assert queue.get(timeout=5).payload == "x"


def start_worker():
    worker = subprocess.Popen([sys.executable, *sys.argv[:5], "worker"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    lines = []

    def read():
        for line in worker.stdout:
            lines.append(line)

    threading.Thread(target=read, daemon=True).start()
    worker.lines = lines
    until(lambda: any(" ready." in line for line in lines) or worker.poll() is not None, "the worker is ready", 60)
    if worker.poll() is not None:
        raise AssertionError("the worker ended: " + "".join(lines)[-1500:])
    return worker


def stop(worker):
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)


if sys.argv[5:] == ["worker"]:
    os.environ["C_FORCE_ROOT"] = "1"
    app.worker_main(["worker", "--pool=threads", "--concurrency=4", "--loglevel=INFO", "--without-gossip",
                     "--without-mingle", "--without-heartbeat"])
    sys.exit()

if not has("EVALSHA"):
    broker.set("unacked_mutex", "nobody", ex=600)
run([simple_queue, (idle, "EVALSHA"), routing, unacknowledged, fanning_out, priorities, guarded])
worker = start_worker()
try:
    run([results, many, failing, retrying, later, composed, (joined, "EVALSHA"), stored, settled])
finally:
    stop(worker)
    trouble = [line for line in worker.lines if "CRITICAL" in line or "Unrecoverable" in line or "unknown command" in line]
    print("".join(trouble), end="")
run([stopping])
