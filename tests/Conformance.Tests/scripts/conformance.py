"""The steps of conformance.mjs, with the official client for Python. Usage: conformance.py CONNECTION_STRING CERTIFICATE_FILE

Prints a line of JSON per step: {"step": ..., "outcome": "passed" or "failed", "seconds": ..., "detail": ...}; {"ask": "restart"} asks for the server to be
killed and started again, which a line on standard input answers. Clients before 7.12 insist on TLS, so all go over TLS and WebSocket here.
"""

import contextlib
import datetime
import json
import re
import sys
import threading
import time
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor

from azure.servicebus import (
    NEXT_AVAILABLE_SESSION,
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceiveMode,
    ServiceBusSubQueue,
    TransportType,
)
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    OperationTimeoutError,
    ServiceBusAuthenticationError,
    ServiceBusCommunicationError,
    ServiceBusError,
    SessionCannotBeLockedError,
)

connection_string, certificate = sys.argv[1], sys.argv[2]
address = re.search(r"Endpoint=(sb://[^;/]+)", connection_string).group(1)
# These clients take the port from the custom endpoint; one in the name of the namespace confuses their sessions.
connection_string = re.sub(r"(Endpoint=sb://[^;/:]+):\d+", r"\1", connection_string)
SOON = 30
AT_ONCE = 1
print_lock = threading.Lock()


def connect(string=connection_string, **options):
    return ServiceBusClient.from_connection_string(
        string,
        transport_type=TransportType.AmqpOverWebsocket,
        custom_endpoint_address=address,
        connection_verify=certificate,
        **{"retry_total": 2, "retry_backoff_factor": 0.1, **options},
    )


client = connect()


def report(**line):
    with print_lock:
        print(json.dumps(line), flush=True)


def step(name):
    def run(function):
        begin = time.monotonic()
        outcome, detail = "passed", None
        try:
            function()
        except Exception:
            outcome, detail = "failed", traceback.format_exc()
        report(step=name, outcome=outcome, seconds=round(time.monotonic() - begin, 2), detail=detail)

    return run


@contextlib.contextmanager
def refused(*errors):
    try:
        yield
    except errors:
        return
    raise AssertionError(f"it was not refused as {errors}")


def send(queue, *messages):
    with client.get_queue_sender(queue) as sender:
        sender.send_messages(list(messages))


def receive(receiver, count, wait=SOON):
    messages = []
    while len(messages) < count:
        more = receiver.receive_messages(max_message_count=count - len(messages), max_wait_time=wait)
        if not more:
            break
        messages += more
    return messages


def receive_one(receiver):
    messages = receive(receiver, 1)
    assert messages, "no message came"
    return messages[0]


def text(message):
    return b"".join(message.body).decode()


def texts(messages):
    return [text(message) for message in messages]


def properties(message):
    return {
        key.decode() if isinstance(key, bytes) else key: value.decode() if isinstance(value, bytes) else value
        for key, value in (message.application_properties or {}).items()
    }


def deleting(queue):
    return client.get_queue_receiver(queue, receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE)


def wait_in_vain():
    with connect(retry_total=0) as impatient:
        with refused(OperationTimeoutError):
            with impatient.get_queue_receiver("idle-sessions", session_id=NEXT_AVAILABLE_SESSION):
                pass
    # The attempt left nothing behind that would take the session.
    send("idle-sessions", ServiceBusMessage("3", session_id="three"))
    with client.get_queue_receiver("idle-sessions", session_id=NEXT_AVAILABLE_SESSION) as receiver:
        receiver.complete_message(receive_one(receiver))


# This client does not say for how long it waits, so the server decides; the other steps go on meanwhile.
waiting = threading.Thread(target=lambda: step("wait for a session in vain")(wait_in_vain))
waiting.start()


@step("send and receive with all properties")
def _():
    sent = dict(
        message_id=str(uuid.uuid4()),
        content_type="text/plain",
        correlation_id="correlation",
        subject="subject",
        to="to",
        reply_to="results",
        reply_to_session_id="reply-session",
        time_to_live=datetime.timedelta(hours=1),
    )
    application_properties = {"text": "t\u00e9xt", "number": 7, "fraction": 1.5, "yes": True}
    send("plain", ServiceBusMessage("bytes \u00e9\0".encode(), application_properties=application_properties, **sent))
    with client.get_queue_receiver("plain") as receiver:
        message = receive_one(receiver)
        for name, value in sent.items():
            assert getattr(message, name) == value, (name, getattr(message, name))
        assert text(message) == "bytes \u00e9\0"
        assert properties(message) == application_properties, properties(message)
        assert message.delivery_count == 0, message.delivery_count
        assert message.locked_until_utc > message.enqueued_time_utc
        receiver.complete_message(message)


@step("send a batch filled to its limit")
def _():
    with client.get_queue_sender("batches") as sender:
        batch = sender.create_message_batch()
        count = 0
        for body in ("x" * 5000, "x"):
            try:
                while True:
                    batch.add_message(ServiceBusMessage(body, message_id=f"m{count}"))
                    count += 1
            except MessageSizeExceededError:
                pass
        assert batch.max_size_in_bytes - batch.size_in_bytes < 200, batch.size_in_bytes
        sender.send_messages(batch)
    with deleting("batches") as receiver:
        messages = receive(receiver, count)
        assert len(messages) == count, len(messages)
        assert [message.message_id for message in messages[:3]] == ["m0", "m1", "m2"]


@step("complete")
def _():
    send("plain", ServiceBusMessage("complete"))
    with client.get_queue_receiver("plain") as receiver:
        receiver.complete_message(receive_one(receiver))
        assert receiver.receive_messages(max_wait_time=AT_ONCE) == []


@step("abandon with changed properties")
def _():
    # This client has no way to name the changes.
    send("plain", ServiceBusMessage("abandon", application_properties={"kept": 1}))
    with client.get_queue_receiver("plain") as receiver:
        receiver.abandon_message(receive_one(receiver))
        again = receive_one(receiver)
        assert again.delivery_count == 1, again.delivery_count
        assert properties(again) == {"kept": 1}
        receiver.complete_message(again)


@step("defer and receive deferred")
def _():
    send("deferred", ServiceBusMessage("deferred"), ServiceBusMessage("other"))
    with client.get_queue_receiver("deferred") as receiver:
        message = receive_one(receiver)
        receiver.defer_message(message)
        other = receive_one(receiver)
        assert text(other) == "other"
        receiver.complete_message(other)
        (deferred,) = receiver.receive_deferred_messages(message.sequence_number)
        assert text(deferred) == "deferred"
        receiver.complete_message(deferred)
        with refused(MessageNotFoundError, ServiceBusError):
            receiver.receive_deferred_messages(message.sequence_number)


@step("dead-letter and read the dead-letter queue")
def _():
    send("dead", ServiceBusMessage("dead"))
    with client.get_queue_receiver("dead") as receiver:
        receiver.dead_letter_message(receive_one(receiver), reason="reason", error_description="description")
    with client.get_queue_receiver("dead", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        message = receive_one(receiver)
        assert text(message) == "dead"
        assert message.dead_letter_reason == "reason", message.dead_letter_reason
        assert message.dead_letter_error_description == "description"
        receiver.complete_message(message)


@step("dead-letter after too many deliveries")
def _():
    send("dead", ServiceBusMessage("often"))
    with client.get_queue_receiver("dead") as receiver:
        receiver.abandon_message(receive_one(receiver))
        receiver.abandon_message(receive_one(receiver))
        assert receiver.receive_messages(max_wait_time=AT_ONCE) == []
    with client.get_queue_receiver("dead", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        message = receive_one(receiver)
        assert message.dead_letter_reason == "MaxDeliveryCountExceeded"
        receiver.complete_message(message)


@step("dead-letter what outlives its time")
def _():
    send("dead", ServiceBusMessage("old", time_to_live=datetime.timedelta(seconds=1)))
    with client.get_queue_receiver("dead", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        message = receive_one(receiver)
        assert text(message) == "old"
        assert message.dead_letter_reason == "TTLExpiredException"
        receiver.complete_message(message)


@step("receive and delete")
def _():
    send("plain", ServiceBusMessage("1"), ServiceBusMessage("2"))
    with deleting("plain") as receiver:
        assert texts(receive(receiver, 2)) == ["1", "2"]
        assert receiver.peek_messages() == []


@step("peek")
def _():
    send("plain", *map(ServiceBusMessage, "abc"))
    with client.get_queue_receiver("plain") as receiver:
        peeked = receiver.peek_messages(max_message_count=2)
        assert texts(peeked) == ["a", "b"]
        (second,) = receiver.peek_messages(max_message_count=1, sequence_number=peeked[1].sequence_number)
        assert text(second) == "b"
        for message in receive(receiver, 3):
            receiver.complete_message(message)
        assert receiver.peek_messages(sequence_number=peeked[0].sequence_number) == []


@step("schedule and cancel")
def _():
    with client.get_queue_sender("later") as sender, client.get_queue_receiver("later") as receiver:
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
        first, second = sender.schedule_messages([ServiceBusMessage("comes"), ServiceBusMessage("is cancelled")], at)
        sender.cancel_scheduled_messages(second)
        (scheduled,) = receiver.peek_messages(max_message_count=1, sequence_number=first)
        assert text(scheduled) == "comes"
        message = receive_one(receiver)
        assert text(message) == "comes"
        assert message.enqueued_time_utc >= at.replace(microsecond=at.microsecond // 1000 * 1000), "it came too early"
        receiver.complete_message(message)
        with refused(MessageNotFoundError, ServiceBusError):
            sender.cancel_scheduled_messages(second)


@step("drop duplicates")
def _():
    send("once", ServiceBusMessage("first", message_id="same"))
    send("once", ServiceBusMessage("second", message_id="same"), ServiceBusMessage("third", message_id="other"))
    with deleting("once") as receiver:
        assert texts(receive(receiver, 2)) == ["first", "third"]
        assert receiver.peek_messages() == []


@step("receive a session in order")
def _():
    send("sessions", *(ServiceBusMessage(body, session_id=body[0]) for body in ("a1", "b1", "a2", "a3")))
    with client.get_queue_receiver("sessions", session_id="a") as receiver:
        assert receiver.session.session_id == "a"
        receiver.abandon_message(receive_one(receiver))
        messages = receive(receiver, 3)
        assert texts(messages) == ["a1", "a2", "a3"]
        assert {message.session_id for message in messages} == {"a"}
        for message in messages:
            receiver.complete_message(message)


@step("defer within a session")
def _():
    with client.get_queue_receiver("sessions", session_id="b") as receiver:
        message = receive_one(receiver)
        assert text(message) == "b1"
        receiver.defer_message(message)
        (peeked,) = receiver.peek_messages(max_message_count=1, sequence_number=message.sequence_number)
        assert text(peeked) == "b1"
        (deferred,) = receiver.receive_deferred_messages(message.sequence_number)
        receiver.complete_message(deferred)


@step("keep a session's state")
def _():
    with client.get_queue_receiver("sessions", session_id="state") as receiver:
        assert receiver.session.get_state() is None
        receiver.session.set_state(b"done 7")
    with client.get_queue_receiver("sessions", session_id="state") as receiver:
        assert receiver.session.get_state() == b"done 7"
        receiver.session.set_state(None)
        assert receiver.session.get_state() is None


@step("accept the next session")
def _():
    send("next-sessions", ServiceBusMessage("1", session_id="one"), ServiceBusMessage("2", session_id="two"))
    with client.get_queue_receiver("next-sessions", session_id=NEXT_AVAILABLE_SESSION) as first:
        with client.get_queue_receiver("next-sessions", session_id=NEXT_AVAILABLE_SESSION) as second:
            assert [first.session.session_id, second.session.session_id] == ["one", "two"]
            second.complete_message(receive_one(second))
        first.complete_message(receive_one(first))


@step("refuse a session that is taken")
def _():
    with client.get_queue_receiver("sessions", session_id="taken"), connect(retry_total=0) as other:
        with refused(SessionCannotBeLockedError):
            with other.get_queue_receiver("sessions", session_id="taken"):
                pass


@step("renew a message's lock")
def _():
    send("plain", ServiceBusMessage("renewed"))
    with client.get_queue_receiver("plain") as receiver:
        message = receive_one(receiver)
        before = message.locked_until_utc
        assert receiver.renew_message_lock(message) > before
        receiver.complete_message(message)


@step("renew a session's lock")
def _():
    with client.get_queue_receiver("sessions", session_id="renewed") as receiver:
        before = receiver.session.locked_until_utc
        assert receiver.session.renew_lock() > before


@step("lose a message's lock")
def _():
    send("short", ServiceBusMessage("slow"))
    with client.get_queue_receiver("short") as slow, client.get_queue_receiver("short") as quick:
        message = receive_one(slow)
        again = receive_one(quick)
        assert again.delivery_count == 1, again.delivery_count
        # The client looks at the clock before it asks.
        with refused(MessageLockLostError, ServiceBusError):
            slow.complete_message(message)
        with refused(MessageLockLostError):
            slow.renew_message_lock(message)
        quick.complete_message(again)


@step("receive with 100 receivers at once")
def _():
    ready = threading.Barrier(101)

    def receive_and_complete(_):
        with client.get_queue_receiver("many") as receiver:
            ready.wait(60)
            message = receive_one(receiver)
            receiver.complete_message(message)
            return int(text(message))

    with ThreadPoolExecutor(100) as pool:
        received = pool.map(receive_and_complete, range(100))
        ready.wait(60)
        send("many", *(ServiceBusMessage(str(i)) for i in range(100)))
        assert sorted(received) == list(range(100))


@step("refuse a message that is too large")
def _():
    with client.get_queue_sender("plain") as sender:
        with refused(MessageSizeExceededError):
            sender.send_messages(ServiceBusMessage(b"\0" * 300_000))
    send("plain", ServiceBusMessage("small"))
    with client.get_queue_receiver("plain") as receiver:
        receiver.complete_message(receive_one(receiver))


@step("refuse a wrong key")
def _():
    wrong = re.sub("SharedAccessKey=[^;]+", "SharedAccessKey=d3Jvbmc=", connection_string)
    with connect(wrong, retry_total=0) as other, refused(ServiceBusAuthenticationError):
        with other.get_queue_sender("plain") as sender:
            sender.send_messages(ServiceBusMessage("no"))


@step("refuse an unknown queue")
def _():
    with connect(retry_total=0) as other:
        # The client takes a link that is refused as not found for a failure of the connection.
        with refused(MessagingEntityNotFoundError, ServiceBusCommunicationError):
            with other.get_queue_sender("unknown") as sender:
                sender.send_messages(ServiceBusMessage("no"))
        with refused(MessagingEntityNotFoundError, ServiceBusCommunicationError):
            with other.get_queue_receiver("unknown") as receiver:
                receiver.receive_messages(max_wait_time=AT_ONCE)


waiting.join()


@step("reconnect after the server was killed")
def _():
    def patient(run):
        # The client's own retries end sooner than a slow machine starts a server.
        for tries in range(10):
            try:
                return run()
            except ServiceBusError:
                if tries == 9:
                    raise

    with client.get_queue_sender("kept") as sender, client.get_queue_receiver("kept") as receiver:
        sender.send_messages(ServiceBusMessage("before"))
        assert texts(receiver.peek_messages()) == ["before"]
        report(ask="restart")
        sys.stdin.readline()
        patient(lambda: sender.send_messages(ServiceBusMessage("after")))
        messages = patient(lambda: receive(receiver, 2))
        assert texts(messages) == ["before", "after"], texts(messages)
        for message in messages:
            receiver.complete_message(message)


client.close()
