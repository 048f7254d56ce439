"""Celery: a chord, a group of one task per event whose callback gets the results in order.

    celery_chord.py BROKER_PORT BACKEND_PORT CONCURRENCY

Reads a number of events a line from standard input; for each runs a chord of so many and prints its seconds. Prints "ready" first.

RabbitMQ is the broker and Redis the result backend: chords need a backend that counts, and Redis is the one that does so without
polling (userguide/canvas, "Important Notes" on chords). Tuning, from userguide/optimizing: tasks are short, so the prefetch multiplier
is high; from userguide/workers: no gossip, mingle or heartbeat. Messages are persistent, Celery's default. Tasks are acknowledged after
they ran (task_acks_late): all systems compared here deliver at least once. Only the chord's own result is waited for (follow_parents of
AsyncResult.get): to look at all of its parents at each step, the default, takes time that grows with the square of their number.
"""

import os
import subprocess
import sys
import time

from celery import Celery, chord

BROKER_PORT, BACKEND_PORT, CONCURRENCY = (sys.argv[1:4] if __name__ == "__main__" else os.environ["BENCH_CELERY"].split(","))

app = Celery("celery_chord", broker=f"amqp://guest:guest@127.0.0.1:{BROKER_PORT}//", backend=f"redis://127.0.0.1:{BACKEND_PORT}/1")
app.conf.update(
    task_acks_late=True,
    worker_prefetch_multiplier=128,
    result_expires=3600,
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
)


@app.task(name="celery_chord.process")
def process(event):
    return f"Event {event['id']} processed"


@app.task(name="celery_chord.collect")
def collect(results):
    return results


def main():
    environment = dict(os.environ, BENCH_CELERY=",".join(sys.argv[1:4]))
    command = [
        sys.executable, "-m", "celery", "-A", "celery_chord", "worker", "--pool=prefork", f"--concurrency={CONCURRENCY}",
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR",
    ]
    worker = subprocess.Popen(command, env=environment, cwd=os.path.dirname(os.path.abspath(__file__)), stdout=sys.stderr, stdin=subprocess.DEVNULL)
    try:
        process.delay({"id": 0}).get(timeout=120)
        print("ready", flush=True)
        for line in sys.stdin:
            events = int(line)
            start = time.perf_counter()
            job = chord([process.s({"id": i, "duration": 0}) for i in range(events)], collect.s()).apply_async()
            results = job.get(timeout=3600, follow_parents=False)
            seconds = time.perf_counter() - start
            if results != [f"Event {i} processed" for i in range(events)]:
                sys.exit(f"The chord of {events} events brought other results.")
            print(seconds, flush=True)
    finally:
        worker.terminate()
        worker.wait()


if __name__ == "__main__":
    main()
