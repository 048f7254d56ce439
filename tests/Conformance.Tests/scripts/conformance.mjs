// The steps of conformance.py, with the official client for JavaScript. Usage: node conformance.mjs CONNECTION_STRING
// Prints a line of JSON per step: {"step": ..., "outcome": "passed" or "failed", "seconds": ..., "detail": ...}; {"ask": "restart"} asks for the server to be
// killed and started again, which a line on standard input answers.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import readline from "node:readline";
import { ServiceBusClient } from "@azure/service-bus";

const connectionString = process.argv[2];
const options = { retryOptions: { maxRetries: 2, retryDelayInMs: 200, timeoutInMs: 30_000 } };
const client = new ServiceBusClient(connectionString, options);
const soon = { maxWaitTimeInMs: 30_000 };
const atOnce = { maxWaitTimeInMs: 300 };
const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const print = (line) => process.stdout.write(JSON.stringify(line) + "\n");

async function step(name, run) {
  const begin = performance.now();
  let outcome = "passed", detail = null;
  try {
    await run();
  } catch (error) {
    outcome = "failed";
    detail = `${error?.stack ?? error}`;
  }
  print({ step: name, outcome, seconds: (performance.now() - begin) / 1000, detail });
}

async function using(resource, run) {
  try {
    return await run(resource);
  } finally {
    await resource.close();
  }
}

const send = (queue, messages) => using(client.createSender(queue), (sender) => sender.sendMessages(messages));

async function receive(receiver, count, wait = soon) {
  const messages = [];
  while (messages.length < count) {
    const more = await receiver.receiveMessages(count - messages.length, wait);
    if (more.length === 0) break;
    messages.push(...more);
  }
  return messages;
}

async function receiveOne(receiver) {
  const [message] = await receive(receiver, 1);
  assert.ok(message, "no message came");
  return message;
}

async function refusedAs(code, promise) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.code, code, `${error}`);
    return true;
  });
}

await step("send and receive with all properties", async () => {
  const sent = {
    body: Buffer.from("bytes \u00e9\u0000"),
    messageId: randomUUID(),
    contentType: "text/plain",
    correlationId: "correlation",
    subject: "subject",
    to: "to",
    replyTo: "results",
    replyToSessionId: "reply-session",
    timeToLive: 3_600_000,
    applicationProperties: { text: "t\u00e9xt", number: 7, fraction: 1.5, yes: true, nothing: null },
  };
  await send("plain", sent);
  await using(client.createReceiver("plain"), async (receiver) => {
    const message = await receiveOne(receiver);
    for (const name of ["messageId", "contentType", "correlationId", "subject", "to", "replyTo", "replyToSessionId", "timeToLive"]) {
      assert.equal(message[name], sent[name], name);
    }
    assert.deepEqual(Buffer.from(message.body), sent.body);
    assert.deepEqual(message.applicationProperties, sent.applicationProperties);
    assert.equal(message.deliveryCount, 0);
    assert.equal(message.state, "active");
    assert.ok(message.enqueuedTimeUtc instanceof Date && message.lockedUntilUtc > message.enqueuedTimeUtc);
    await receiver.completeMessage(message);
  });
});

await step("send a batch filled to its limit", async () => {
  await using(client.createSender("batches"), async (sender) => {
    const batch = await sender.createMessageBatch();
    while (batch.tryAddMessage({ body: "x".repeat(5000), messageId: `m${batch.count}` }));
    while (batch.tryAddMessage({ body: "x" }));
    assert.ok(batch.maxSizeInBytes - batch.sizeInBytes < 100);
    await sender.sendMessages(batch);
    await using(client.createReceiver("batches", { receiveMode: "receiveAndDelete" }), async (receiver) => {
      const messages = await receive(receiver, batch.count);
      assert.equal(messages.length, batch.count);
      assert.deepEqual(messages.slice(0, 3).map((message) => message.messageId), ["m0", "m1", "m2"]);
    });
  });
});

await step("complete", async () => {
  await send("plain", { body: "complete" });
  await using(client.createReceiver("plain"), async (receiver) => {
    const message = await receiveOne(receiver);
    await receiver.completeMessage(message);
    assert.deepEqual(await receiver.receiveMessages(1, atOnce), []);
    await refusedAs("MessageLockLost", receiver.completeMessage(message).catch((error) => {
      // The client itself remembers what it settled on this link.
      throw error.code ? error : Object.assign(error, { code: "MessageLockLost" });
    }));
  });
});

await step("abandon with changed properties", async () => {
  await send("plain", { body: "abandon", applicationProperties: { kept: 1 } });
  await using(client.createReceiver("plain"), async (receiver) => {
    await receiver.abandonMessage(await receiveOne(receiver), { changed: "yes" });
    const again = await receiveOne(receiver);
    assert.equal(again.deliveryCount, 1);
    assert.deepEqual(again.applicationProperties, { kept: 1, changed: "yes" });
    await receiver.completeMessage(again);
  });
});

await step("defer and receive deferred", async () => {
  await send("deferred", [{ body: "deferred" }, { body: "other" }]);
  await using(client.createReceiver("deferred"), async (receiver) => {
    const message = await receiveOne(receiver);
    await receiver.deferMessage(message, { why: "later" });
    const other = await receiveOne(receiver);
    assert.equal(other.body, "other");
    await receiver.completeMessage(other);
    const [deferred] = await receiver.receiveDeferredMessages(message.sequenceNumber);
    assert.equal(deferred.body, "deferred");
    assert.equal(deferred.state, "deferred");
    assert.equal(deferred.applicationProperties.why, "later");
    await receiver.completeMessage(deferred);
    await refusedAs("MessageNotFound", receiver.receiveDeferredMessages(message.sequenceNumber));
  });
});

await step("dead-letter and read the dead-letter queue", async () => {
  await send("dead", { body: "dead" });
  await using(client.createReceiver("dead"), async (receiver) => {
    await receiver.deadLetterMessage(await receiveOne(receiver), {
      deadLetterReason: "reason",
      deadLetterErrorDescription: "description",
      extra: 5,
    });
  });
  await using(client.createReceiver("dead", { subQueueType: "deadLetter" }), async (receiver) => {
    const message = await receiveOne(receiver);
    assert.equal(message.body, "dead");
    assert.equal(message.deadLetterReason, "reason");
    assert.equal(message.deadLetterErrorDescription, "description");
    assert.equal(message.applicationProperties.extra, 5);
    await receiver.completeMessage(message);
  });
});

await step("dead-letter after too many deliveries", async () => {
  await send("dead", { body: "often" });
  await using(client.createReceiver("dead"), async (receiver) => {
    await receiver.abandonMessage(await receiveOne(receiver));
    await receiver.abandonMessage(await receiveOne(receiver));
    assert.deepEqual(await receiver.receiveMessages(1, atOnce), []);
  });
  await using(client.createReceiver("dead", { subQueueType: "deadLetter" }), async (receiver) => {
    const message = await receiveOne(receiver);
    assert.equal(message.deadLetterReason, "MaxDeliveryCountExceeded");
    await receiver.completeMessage(message);
  });
});

await step("dead-letter what outlives its time", async () => {
  await send("dead", { body: "old", timeToLive: 1000 });
  await using(client.createReceiver("dead", { subQueueType: "deadLetter" }), async (receiver) => {
    const message = await receiveOne(receiver);
    assert.equal(message.body, "old");
    assert.equal(message.deadLetterReason, "TTLExpiredException");
    await receiver.completeMessage(message);
  });
});

await step("receive and delete", async () => {
  await send("plain", [{ body: 1 }, { body: 2 }]);
  await using(client.createReceiver("plain", { receiveMode: "receiveAndDelete" }), async (receiver) => {
    assert.deepEqual((await receive(receiver, 2)).map((message) => message.body), [1, 2]);
    assert.deepEqual(await receiver.peekMessages(1), []);
  });
});

await step("peek", async () => {
  await send("plain", [{ body: "a" }, { body: "b" }, { body: "c" }]);
  await using(client.createReceiver("plain"), async (receiver) => {
    const peeked = await receiver.peekMessages(2);
    assert.deepEqual(peeked.map((message) => message.body), ["a", "b"]);
    assert.deepEqual((await receiver.peekMessages(5)).map((message) => message.body), ["c"]);
    const [second] = await receiver.peekMessages(1, { fromSequenceNumber: peeked[1].sequenceNumber });
    assert.equal(second.body, "b");
    for (const message of await receive(receiver, 3)) await receiver.completeMessage(message);
    assert.deepEqual(await receiver.peekMessages(1, { fromSequenceNumber: peeked[0].sequenceNumber }), []);
  });
});

await step("schedule and cancel", async () => {
  await using(client.createSender("later"), async (sender) => {
    const time = new Date(Date.now() + 1500);
    const [first, second] = await sender.scheduleMessages([{ body: "comes" }, { body: "is cancelled" }], time);
    await sender.cancelScheduledMessages(second);
    await using(client.createReceiver("later"), async (receiver) => {
      const [scheduled] = await receiver.peekMessages(1, { fromSequenceNumber: first });
      assert.equal(scheduled.state, "scheduled");
      const message = await receiveOne(receiver);
      assert.equal(message.body, "comes");
      assert.equal(message.scheduledEnqueueTimeUtc.getTime(), time.getTime());
      assert.ok(message.enqueuedTimeUtc >= time, "it came too early");
      await receiver.completeMessage(message);
      assert.deepEqual(await receiver.receiveMessages(1, atOnce), []);
    });
    await refusedAs("MessageNotFound", sender.cancelScheduledMessages(second));
  });
});

await step("drop duplicates", async () => {
  await send("once", { body: "first", messageId: "same" });
  await send("once", [{ body: "second", messageId: "same" }, { body: "third", messageId: "other" }]);
  await using(client.createReceiver("once", { receiveMode: "receiveAndDelete" }), async (receiver) => {
    assert.deepEqual((await receive(receiver, 2)).map((message) => message.body), ["first", "third"]);
    assert.deepEqual(await receiver.receiveMessages(1, atOnce), []);
  });
});

await step("receive a session in order", async () => {
  await send("sessions", ["a1", "b1", "a2", "a3"].map((body) => ({ body, sessionId: body[0] })));
  await using(await client.acceptSession("sessions", "a"), async (receiver) => {
    assert.equal(receiver.sessionId, "a");
    const [first] = await receive(receiver, 1);
    await receiver.abandonMessage(first);
    const messages = await receive(receiver, 3);
    assert.deepEqual(messages.map((message) => message.body), ["a1", "a2", "a3"]);
    assert.deepEqual(messages.map((message) => message.sessionId), ["a", "a", "a"]);
    for (const message of messages) await receiver.completeMessage(message);
    assert.deepEqual(await receiver.receiveMessages(1, atOnce), []);
  });
});

await step("defer within a session", async () => {
  await using(await client.acceptSession("sessions", "b"), async (receiver) => {
    const message = await receiveOne(receiver);
    assert.equal(message.body, "b1");
    await receiver.deferMessage(message);
    const [peeked] = await receiver.peekMessages(1, { fromSequenceNumber: message.sequenceNumber });
    assert.equal(peeked.body, "b1");
    const [deferred] = await receiver.receiveDeferredMessages(message.sequenceNumber);
    await receiver.completeMessage(deferred);
  });
});

await step("keep a session's state", async () => {
  await using(await client.acceptSession("sessions", "state"), async (receiver) => {
    assert.equal(await receiver.getSessionState(), null);
    await receiver.setSessionState({ done: 7 });
  });
  await using(await client.acceptSession("sessions", "state"), async (receiver) => {
    assert.deepEqual(await receiver.getSessionState(), { done: 7 });
    await receiver.setSessionState(null);
    assert.equal(await receiver.getSessionState(), null);
  });
});

await step("accept the next session", async () => {
  await send("next-sessions", [{ body: 1, sessionId: "one" }, { body: 2, sessionId: "two" }]);
  await using(await client.acceptNextSession("next-sessions"), async (first) => {
    await using(await client.acceptNextSession("next-sessions"), async (second) => {
      assert.deepEqual([first.sessionId, second.sessionId], ["one", "two"]);
      await second.completeMessage(await receiveOne(second));
    });
    await first.completeMessage(await receiveOne(first));
  });
});

await step("wait for a session in vain", async () => {
  const impatient = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 1000 } });
  await using(impatient, async () => {
    await assert.rejects(impatient.acceptNextSession("idle-sessions"), (error) =>
      ["ServiceTimeout", "OperationTimeoutError", "SessionCannotBeLocked"].includes(error.code) || error.name === "OperationTimeoutError");
  });
  // The attempt left nothing behind that would take the session.
  await send("idle-sessions", { body: 3, sessionId: "three" });
  await using(await client.acceptNextSession("idle-sessions"), async (receiver) => {
    await receiver.completeMessage(await receiveOne(receiver));
  });
});

await step("refuse a session that is taken", async () => {
  const other = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 10_000 } });
  await using(other, async () => {
    await using(await client.acceptSession("sessions", "taken"), () =>
      refusedAs("SessionCannotBeLocked", other.acceptSession("sessions", "taken")));
  });
});

await step("renew a message's lock", async () => {
  await send("plain", { body: "renewed" });
  await using(client.createReceiver("plain"), async (receiver) => {
    const message = await receiveOne(receiver);
    const before = message.lockedUntilUtc;
    const until = await receiver.renewMessageLock(message);
    assert.ok(until > before, `${until} is not after ${before}`);
    await receiver.completeMessage(message);
  });
});

await step("renew a session's lock", async () => {
  await using(await client.acceptSession("sessions", "renewed"), async (receiver) => {
    const before = receiver.sessionLockedUntilUtc;
    const until = await receiver.renewSessionLock();
    assert.ok(until > before, `${until} is not after ${before}`);
  });
});

await step("lose a message's lock", async () => {
  await send("short", { body: "slow" });
  const noRenewal = { maxAutoLockRenewalDurationInMs: 0 };
  await using(client.createReceiver("short", noRenewal), (slow) => using(client.createReceiver("short"), async (quick) => {
    const message = await receiveOne(slow);
    const again = await receiveOne(quick);
    assert.equal(again.deliveryCount, 1);
    await refusedAs("MessageLockLost", slow.completeMessage(message));
    await quick.completeMessage(again);
  }));
});

await step("receive with 100 receivers at once", async () => {
  const clients = Array.from({ length: 10 }, () => new ServiceBusClient(connectionString, options));
  try {
    const receivers = clients.flatMap((each) => Array.from({ length: 10 }, () => each.createReceiver("many")));
    const received = receivers.map(async (receiver) => {
      const message = await receiveOne(receiver);
      await receiver.completeMessage(message);
      return message.body;
    });
    await send("many", Array.from({ length: 100 }, (_, i) => ({ body: i })));
    const bodies = await Promise.all(received);
    assert.deepEqual(bodies.sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
  } finally {
    await Promise.all(clients.map((each) => each.close()));
  }
});

await step("refuse a message that is too large", async () => {
  await using(client.createSender("plain"), async (sender) => {
    await refusedAs("MessageSizeExceeded", sender.sendMessages({ body: Buffer.alloc(300_000) }));
  });
  await send("plain", { body: "small" });
  await using(client.createReceiver("plain"), async (receiver) => receiver.completeMessage(await receiveOne(receiver)));
});

await step("refuse a wrong key", async () => {
  const key = connectionString.replace(/SharedAccessKey=[^;]+/, "SharedAccessKey=d3Jvbmc=");
  const wrong = new ServiceBusClient(key, { retryOptions: { maxRetries: 0 } });
  await using(wrong, () => refusedAs("UnauthorizedAccess", wrong.createSender("plain").sendMessages({ body: "no" })));
});

await step("refuse an unknown queue", async () => {
  await using(client.createSender("unknown"), (sender) => refusedAs("MessagingEntityNotFound", sender.sendMessages({ body: "no" })));
  await using(client.createReceiver("unknown"), (receiver) => refusedAs("MessagingEntityNotFound", receiver.receiveMessages(1, atOnce)));
});

await step("reconnect after the server was killed", async () => {
  const sender = client.createSender("kept");
  const receiver = client.createReceiver("kept");
  await sender.sendMessages({ body: "before" });
  assert.equal((await receiver.peekMessages(1))[0].body, "before");
  print({ ask: "restart" });
  await answers.next();
  const patient = async (run) => {
    // The clients' own retries end sooner than a slow machine starts a server.
    for (let tries = 10; ; tries--) {
      try {
        return await run();
      } catch (error) {
        if (tries === 0 || error.retryable === false) throw error;
      }
    }
  };
  await patient(() => sender.sendMessages({ body: "after" }));
  const messages = await patient(() => receive(receiver, 2));
  assert.deepEqual(messages.map((message) => message.body), ["before", "after"]);
  for (const message of messages) await receiver.completeMessage(message);
});

await client.close();
process.exit(0);
