using System.Globalization;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Runs chunks without order. It answers before it completes its message: a crash between the two only answers twice. Items that go on
/// failing transiently go back to the queue for a while, without those that are done.
/// </summary>
internal sealed class ProcessChunk(
    ChunkItems items,
    ChunkRunner runner,
    Suspects suspects,
    ResultSender results,
    ChunkSender chunks,
    JobControls controls,
    RunWatch watch,
    Nodes nodes,
    JobMetrics metrics,
    JobSettings settings,
    TimeProvider time)
{
    /// <summary>Reason of a suspect chunk whose worker was lost again: it is to be taken apart, or it is down to the poison.</summary>
    public const string WorkerLost = "WorkerLost";

    /// <summary>Name of the function that takes chunks which go the short way. It has slots of its own: those of the other may all be busy with a large job.</summary>
    public const string Express = "ProcessExpressChunk";

    [Function(nameof(ProcessChunk))]
    public Task Run(
        [ServiceBusTrigger(Queues.Chunks, Connection = Queues.Connection, AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RunAsync(Queues.Chunks, message, actions, cancellationToken);

    [Function(Express)]
    public Task RunExpress(
        [ServiceBusTrigger(Queues.ExpressChunks, Connection = Queues.Connection, AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RunAsync(Queues.ExpressChunks, message, actions, cancellationToken);

    private async Task RunAsync(string queue, ServiceBusReceivedMessage message, ServiceBusMessageActions actions, CancellationToken cancellationToken)
    {
        using var meter = nodes.Enter(queue, message);
        ChunkMessage chunk;
        JobControl control;
        IReadOnlyList<ChunkItem> work;
        try
        {
            chunk = ChunkItems.Read(message);
            (meter.Job, meter.Epoch) = (chunk.Id.Job, chunk.Epoch);
            control = await controls.GetAsync(chunk.Id.Job, chunk.Epoch, cancellationToken);
            if (control.Drops(chunk))
            {
                await actions.CompleteMessageAsync(message, cancellationToken);
                return;
            }

            work = await items.LoadAsync(chunk, cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidDataException)
        {
            await actions.DeadLetterMessageAsync(message, null, "UnreadableChunk", unreadable.Message, cancellationToken);
            return;
        }

        using var span = JobSpans.ProcessChunk(message, chunk, queue);
        var start = time.GetTimestamp();
        metrics.ChunkStarted(chunk.Model, time.GetUtcNow() - message.EnqueuedTime);
        var run = new ChunkRun(work, chunk.Attempts + message.DeliveryCount - 1) { Share = JobShare.Of(chunk), Meter = meter };
        if (control.State == ControlState.Stopped)
        {
            run.CancelOpen(control.StopReason);
        }
        else if (!Suspects.Include(chunk))
        {
            await RunAsync(chunk, run, cancellationToken);
        }
        else if (!await TryRunSuspectsAsync(chunk, run, message.DeliveryCount, cancellationToken))
        {
            await actions.DeadLetterMessageAsync(message, null, WorkerLost, "It was begun before, and its worker did not end it.", cancellationToken);
            return;
        }

        if (chunk.Returns >= settings.MaxReturns)
        {
            run.FailResting(throttled: false);
        }

        if (chunk.Throttles >= settings.MaxThrottledReturns)
        {
            run.FailResting(throttled: true);
        }

        metrics.ChunkAnswered(chunk.Model, time.GetElapsedTime(start));
        await results.SendAsync(chunk, run.TakeResults(), cancellationToken, meter);
        if (run.Resting(throttled: false) is { Count: > 0 } failing)
        {
            await ReturnAsync(chunk with { Returns = chunk.Returns + 1 }, chunk.Returns, run, failing, cancellationToken);
        }

        if (run.Resting(throttled: true) is { Count: > 0 } throttled)
        {
            await ReturnAsync(chunk with { Throttles = chunk.Throttles + 1 }, chunk.Throttles, run, throttled, cancellationToken);
        }

        await actions.CompleteMessageAsync(message, cancellationToken);
    }

    private async Task RunAsync(ChunkMessage chunk, ChunkRun run, CancellationToken cancellationToken)
    {
        using var watched = watch.Enter(chunk.Id.Job, chunk.Epoch);
        await runner.RunAsync(chunk.Model, run, watched.Stopped, cancellationToken);
        if (watched.Stopped.IsCancellationRequested && run.Open > 0)
        {
            run.CancelOpen((await controls.GetAsync(chunk.Id.Job, chunk.Epoch, cancellationToken)).StopReason);
        }
    }

    /// <returns>Whether they were run: not if they are to be taken apart first, or a lone one has had all its tries.</returns>
    private async Task<bool> TryRunSuspectsAsync(ChunkMessage chunk, ChunkRun run, int deliveries, CancellationToken cancellationToken)
    {
        if (run.Items is not [var item])
        {
            if (deliveries > 1)
            {
                return false;
            }

            await suspects.AloneAsync(() => RunAsync(chunk, run, cancellationToken), cancellationToken);
            return true;
        }

        var tries = await suspects.TriesAsync(chunk.Id, item.Index, cancellationToken);
        if (tries >= Suspects.MaxTries)
        {
            return false;
        }

        await suspects.AloneAsync(
            async () =>
            {
                await suspects.BeginAsync(chunk.Id, item.Index, tries + 1, cancellationToken);
                await RunAsync(chunk, run, cancellationToken);
            },
            cancellationToken);
        await suspects.EndAsync(chunk.Id, item.Index, cancellationToken);
        return true;
    }

    // Sent before the message is completed: a crash between the two runs the items twice and loses none.
    private async Task ReturnAsync(ChunkMessage next, int before, ChunkRun run, List<int> positions, CancellationToken cancellationToken)
    {
        var rest = ChunkPieces.Of(next, positions) with { Attempts = run.MostAttemptsOf(positions) };
        var message = ChunkPieces.Message(rest, string.Create(CultureInfo.InvariantCulture, $"r{rest.Returns}.{rest.Throttles}"));
        message.ScheduledEnqueueTime = time.GetUtcNow() + runner.ReturnDelay(before, run.RetryAfter(positions));
        await chunks.SendAsync(message, Queues.Of(rest), cancellationToken);
    }
}
