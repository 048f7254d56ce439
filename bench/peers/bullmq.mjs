// BullMQ: a flow whose parent waits for one child per event and puts the children's results in order.
//
//   node bullmq.mjs PORT WORKERS CONCURRENCY
//
// Reads a number of events a line from standard input; for each runs a flow of so many and prints its seconds. Prints "ready" first.
//
// Tuning, each from BullMQ's documentation: the flow is added as a whole, which FlowProducer.add sends in one pipelined transaction
// (guide/flows); workers are processes of their own (guide/parallelism-and-concurrency) with a local concurrency factor
// (guide/workers/concurrency); finished jobs are removed at once (guide/queues/auto-removal-of-jobs); maxRetriesPerRequest is null
// (guide/going-to-production). Nothing listens to queue events, and no job is tried again.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { FlowProducer, Worker } from 'bullmq';

const [port, workers, concurrency, role] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const removeOnComplete = { count: 0 };

if (role === 'worker') {
  const worker = new Worker('events', async job => `Event ${job.data.id} processed`, {
    connection, concurrency: Number(concurrency), removeOnComplete,
  });
  await worker.waitUntilReady();
  process.send('ready');
  process.once('disconnect', () => process.exit());
} else {
  const forks = Array.from({ length: Number(workers) }, () => fork(import.meta.filename, [port, workers, concurrency, 'worker']));
  await Promise.all(forks.map(child => once(child, 'message')));

  let finish;
  const parent = new Worker('jobs', async job => {
    const results = new Array(job.data.events);
    for (const [key, value] of Object.entries(await job.getChildrenValues())) {
      results[Number(key.slice(key.lastIndexOf('-') + 1))] = value;
    }
    finish(results);
  }, { connection, removeOnComplete });
  const flows = new FlowProducer({ connection });
  await parent.waitUntilReady();
  console.log('ready');

  let run = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const events = Number(line);
    const start = performance.now();
    const finished = new Promise(resolve => { finish = resolve; });
    run++;
    await flows.add({
      name: 'job',
      queueName: 'jobs',
      data: { events },
      children: Array.from({ length: events }, (_, id) => ({
        name: 'event', queueName: 'events', data: { id, duration: 0 }, opts: { jobId: `run-${run}-${id}` },
      })),
    });
    const results = await finished;
    const seconds = (performance.now() - start) / 1000;
    if (results.length !== events || results.some((result, id) => result !== `Event ${id} processed`)) {
      throw new Error(`The flow of ${events} events brought other results.`);
    }
    console.log(seconds);
  }
  process.exit();
}
