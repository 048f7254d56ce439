"""pika: a producer puts events on a RabbitMQ queue, workers consume them and reply on a reply queue with the correlation id.

    pika_events.py PORT WORKERS PREFETCH

Reads a number of events a line from standard input; for each sends so many, waits for the replies and puts them in order by correlation
id, and prints its seconds. Prints "ready" first.

Durable: queues are durable, messages persistent, and nothing counts as sent before the broker has confirmed it; a worker acknowledges an
event once its reply is confirmed. Tuning, from RabbitMQ's documentation: confirms are handled asynchronously (publisher confirms, the
third and fastest strategy), so the connection is pika's SelectConnection; consumers prefetch (consumer prefetch: hundreds for short work);
acknowledgements are sent for many deliveries at once (consumer acknowledgements, "multiple").
"""

import json
import multiprocessing
import sys
import time

import pika

EVENTS = "events"
REPLIES = "replies"
PERSISTENT = 2


class Client:
    """A connection with one channel on which publishes are confirmed."""

    def __init__(self, port, prefetch, queue, on_message, on_confirm, on_ready):
        self.prefetch, self.queue, self.on_message, self.on_confirm, self.on_ready = prefetch, queue, on_message, on_confirm, on_ready
        parameters = pika.ConnectionParameters("127.0.0.1", int(port), heartbeat=0)
        self.connection = pika.SelectConnection(parameters, on_open_callback=self.on_open, on_open_error_callback=self.on_error)
        self.published = 0

    def on_error(self, _connection, error):
        raise error

    def on_open(self, connection):
        connection.channel(on_open_callback=self.on_channel)

    def on_channel(self, channel):
        self.channel = channel
        channel.queue_declare(EVENTS, durable=True, callback=lambda _: channel.queue_declare(REPLIES, durable=True, callback=self.on_declared))

    def on_declared(self, _frame):
        self.channel.confirm_delivery(lambda frame: self.on_confirm(frame.method.delivery_tag, frame.method.multiple), callback=self.on_confirming)

    def on_confirming(self, _frame):
        self.channel.basic_qos(prefetch_count=int(self.prefetch), callback=self.on_qos)

    def on_qos(self, _frame):
        self.channel.basic_consume(self.queue, lambda _channel, method, header, body: self.on_message(method, header, body))
        self.on_ready()

    def publish(self, queue, body, **properties):
        """Publishes a message; returns the number under which it will be confirmed."""
        self.channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=PERSISTENT, **properties))
        self.published += 1
        return self.published


def work(port, prefetch):
    deliveries = {}

    def on_message(method, header, body):
        event = json.loads(body)
        number = client.publish(header.reply_to, f"Event {event['id']} processed".encode(), correlation_id=header.correlation_id)
        deliveries[number] = method.delivery_tag

    def on_confirm(tag, multiple):
        # Replies are sent in the order of the deliveries, so what is confirmed up to a reply is done up to its event.
        delivery = deliveries[tag]
        for number in range(min(deliveries), tag + 1) if multiple else [tag]:
            del deliveries[number]
        client.channel.basic_ack(delivery, multiple=multiple)

    client = Client(port, prefetch, EVENTS, on_message, on_confirm, lambda: None)
    client.connection.ioloop.start()


def produce(port, prefetch):
    """One job after another: events out, replies in."""
    job = {}

    def on_ready():
        print("ready", flush=True)
        start()

    def start():
        line = sys.stdin.readline()
        if not line:
            sys.exit()
        events = int(line)
        job.update(events=events, start=time.perf_counter(), results=[None] * events, left=events, confirmed=client.published, last=0)
        for i in range(events):
            client.publish(EVENTS, json.dumps({"id": i, "duration": 0}).encode(), correlation_id=str(i), reply_to=REPLIES)

    def on_confirm(tag, multiple):
        job["confirmed"] = tag if multiple else job["confirmed"] + 1
        finish()

    def on_message(method, header, body):
        index = int(header.correlation_id)
        if job["results"][index] is None:
            job["results"][index] = body.decode()
            job["left"] -= 1
        job["last"] += 1
        # The reply is in memory here as it is with the others when they are done; acknowledge in hundreds.
        if job["last"] % 100 == 0 or job["left"] == 0:
            client.channel.basic_ack(method.delivery_tag, multiple=True)
        finish()

    def finish():
        if job["left"] > 0:
            return
        seconds = time.perf_counter() - job["start"]
        if job["results"] != [f"Event {i} processed" for i in range(job["events"])]:
            sys.exit(f"The run of {job['events']} events brought other results.")
        job["left"] = job["events"] + 1
        print(seconds, flush=True)
        start()

    client = Client(port, prefetch, REPLIES, on_message, on_confirm, on_ready)
    client.connection.ioloop.start()


def main():
    port, workers, prefetch = sys.argv[1:4]
    processes = [multiprocessing.Process(target=work, args=(port, prefetch), daemon=True) for _ in range(int(workers))]
    for process in processes:
        process.start()
    try:
        produce(port, prefetch)
    finally:
        for process in processes:
            process.terminate()


if __name__ == "__main__":
    main()
