"""An external worker of ModelJobs: takes chunks of items from Service Bus, runs a model on them, and answers.

This is docs/message-contract.md in Python, for any model. A model is a function from the inputs of a chunk to a list with one outcome
per input: whatever JSON can hold, or an ItemError. `digits_worker.py` is one; write yours beside it.
"""

import functools
import json
import logging
import threading
import uuid
from contextlib import ExitStack

from azure.servicebus import AutoLockRenewer, ServiceBusMessage
from azure.servicebus.exceptions import MessageLockLostError

CONTRACT_VERSION = 1
CONTRACT_PROPERTY = "modeljobs-contract"

MAX_INLINE_BYTES = 192 * 1024    # a message of Service Bus Standard has at most 256 KB, its headers included
MAX_DESCRIPTION = 1000           # characters of a dead letter's description
RECEIVE_SECONDS = 5              # how long to wait for a chunk before looking whether to stop
RECONNECT_SECONDS = 5
LONGEST_RETRY_SECONDS = 30

log = logging.getLogger("modeljobs.worker")


class ItemError(Exception):
    """An item that failed for good; the others of its chunk do not. `code` is a word for programs, `message` a sentence for people."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


class ChunkRefused(Exception):
    """A chunk that no try will ever run. It is dead-lettered: its items fail at once, with this reason."""

    def __init__(self, reason, description):
        super().__init__(description)
        self.reason = reason


class Storage:
    """The job container: where chunks and answers lie that are too large for a message. `container` may be None, then there is none."""

    def __init__(self, container):
        self._container = container

    def read(self, name, offset, length):
        return self._blob(name).download_blob(offset=offset, length=length).readall()

    def write(self, prefix, content):
        """Stores an answer under a name that nobody else uses: another delivery of the chunk may be answering at the same time."""
        name = f"{prefix}{uuid.uuid4().hex}.jsonl"
        self._blob(name).upload_blob(content)
        return name

    def _blob(self, name):
        if self._container is None:
            raise ChunkRefused("NoStorage", "The chunk or its answer is too large for a message, and the worker was started without MODELJOBS_STORAGE.")
        return self._container.get_blob_client(name)


class Worker:
    """Runs `models`, a function by model name, on the chunks of `queue`, so many at a time."""

    def __init__(self, connect, storage, models, queue="chunks-external", concurrency=1, max_chunk_seconds=1800):
        """`connect` makes a ServiceBusClient. A chunk's lock is renewed for `max_chunk_seconds`; then another worker may have it."""
        self._connect, self._storage, self._queue = connect, storage, queue
        self._models = {name.lower(): model for name, model in models.items()}  # names of models are compared without regard to case
        self._max_chunk_seconds = max_chunk_seconds
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._serve, name=f"consumer-{n}") for n in range(concurrency)]

    def stop(self):
        """Ends after the chunks at hand."""
        self._stopping.set()

    def run(self):
        """Returns when the worker was stopped."""
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()

    def _serve(self):
        # A connection per thread: neither clients nor receivers are made to be shared.
        while not self._stopping.is_set():
            try:
                with ExitStack() as stack:
                    client = stack.enter_context(self._connect())
                    receiver = stack.enter_context(client.get_queue_receiver(self._queue))
                    renewer = stack.enter_context(AutoLockRenewer(max_lock_renewal_duration=self._max_chunk_seconds))
                    sender_to = functools.cache(lambda queue: stack.enter_context(client.get_queue_sender(queue)))
                    self._consume(receiver, renewer, sender_to)
            except Exception as failure:  # libraries below the SDK have exceptions of their own
                log.warning("Lost the connection, trying again in %s s: %s: %s", RECONNECT_SECONDS, type(failure).__name__, failure)
                self._stopping.wait(RECONNECT_SECONDS)

    def _consume(self, receiver, renewer, sender_to):
        while not self._stopping.is_set():
            # One at a time: a chunk waiting in this process is a chunk that no other worker can take.
            for message in receiver.receive_messages(max_message_count=1, max_wait_time=RECEIVE_SECONDS):
                renewer.register(receiver, message)
                self._handle(message, receiver, sender_to)

    def _handle(self, message, receiver, sender_to):
        try:
            chunk = read_chunk(message)
            items = self._items(chunk)
            lines = result_lines(items, self._model(chunk)([item["input"] for item in items]))
            body = self._answer(chunk, lines)
            # First the answer, then the completion: a crash between the two only answers twice.
            sender_to(message.reply_to).send_messages(reply(message, body))
            receiver.complete_message(message)
            log.info("Chunk %s: %d items", message.message_id, len(items))
        except ChunkRefused as refused:
            log.warning("Chunk %s refused: %s %s", message.message_id, refused.reason, refused)
            receiver.dead_letter_message(message, reason=refused.reason, error_description=str(refused)[:MAX_DESCRIPTION])
        except MessageLockLostError:
            log.warning("Chunk %s took longer than its lock; another worker may have it", message.message_id)
        except Exception:  # whatever the model throws: the chunk is tried again, here or elsewhere, until the queue gives it up
            log.exception("Chunk %s failed on delivery %d", message.message_id, message.delivery_count + 1)
            self._stopping.wait(min(2 ** (message.delivery_count or 0), LONGEST_RETRY_SECONDS))
            receiver.abandon_message(message)

    def _model(self, chunk):
        model = self._models.get(chunk["model"].lower())
        if model is None:
            raise ChunkRefused("UnknownModel", f"This worker serves {', '.join(self._models)}, not '{chunk['model']}'.")
        return model

    def _items(self, chunk):
        blob = chunk.get("blob")
        if blob is None:
            return chunk["items"]
        lines = self._storage.read(blob["name"], blob["offset"], blob["length"])
        return [json.loads(line) for line in lines.splitlines()]

    def _answer(self, chunk, lines):
        body = '{"results":[' + ",".join(lines) + "]}"
        if len(body) <= MAX_INLINE_BYTES:
            return body
        content = "".join(line + "\n" for line in lines)
        name = self._storage.write(chunk["answerBlob"], content)
        return json.dumps({"blob": {"name": name, "offset": 0, "length": len(content)}})


def read_chunk(message):
    """The body of a chunk's message."""
    properties = message.application_properties or {}
    version = properties.get(CONTRACT_PROPERTY, properties.get(CONTRACT_PROPERTY.encode()))  # SDKs differ in what names are
    if version != CONTRACT_VERSION:
        raise ChunkRefused("UnknownContract", f"This worker knows version {CONTRACT_VERSION} of the contract; the chunk has {version}.")
    try:
        return json.loads(b"".join(message.body))
    except ValueError as malformed:
        raise ChunkRefused("UnreadableChunk", str(malformed)) from malformed


def result_lines(items, outcomes):
    """Each item's result as JSON, which is ASCII here: its length in characters is that in bytes."""
    return [result_line(item["index"], outcome) for item, outcome in zip(items, outcomes, strict=True)]


def result_line(index, outcome):
    if not isinstance(outcome, ItemError):
        try:
            return json.dumps({"index": index, "output": outcome}, allow_nan=False, separators=(",", ":"))
        except ValueError as unwritable:  # NaN and the infinities are not JSON
            outcome = ItemError("model_error", f"The output is not JSON: {unwritable}")
    return json.dumps({"index": index, "error": {"code": outcome.code, "message": outcome.message}}, separators=(",", ":"))


def reply(message, body):
    """Where the answer goes, and to what: as the message says. Its own id is the chunk's, so that a second answer is dropped."""
    return ServiceBusMessage(
        body,
        session_id=message.reply_to_session_id,
        correlation_id=message.correlation_id,
        message_id=message.message_id,
        content_type="application/json")
