using System.Globalization;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Runs the chunks of a lane, one at a time and in sequence. The session's state says which chunk was answered last: one that comes
/// again is dropped, since it was answered before the state moved; one that comes too early waits until the chunk before it has
/// answered, or until the job goes on to an epoch in which everything is sent anew.
/// </summary>
internal sealed class ProcessOrderedChunk(
    ChunkItems items,
    LaneTurn turns,
    ResultSender results,
    ChunkSender chunks,
    JobControls controls,
    Nodes nodes,
    JobMetrics metrics,
    JobSettings settings,
    TimeProvider time)
{
    /// <summary>Longest time between two looks at a chunk that waits for its turn.</summary>
    private static readonly TimeSpan MaxHold = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Chunks of a lane that follow each other before the session is let go, to be taken up again after those that wait: a job of many lanes
    /// must not hold all slots of an instance for as long as its page lasts.
    /// </summary>
    private const int ChunksInARow = 32;

    /// <summary>A chunk that ran for longer than this is the last in a row.</summary>
    private static readonly TimeSpan LongRun = TimeSpan.FromSeconds(1);

    /// <summary>Application property that counts how often a chunk has waited for its turn.</summary>
    private const string Holds = "modeljobs-holds";

    [Function(nameof(ProcessOrderedChunk))]
    public async Task Run(
        [ServiceBusTrigger(Queues.OrderedChunks, Connection = Queues.Connection, IsSessionsEnabled = true, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        ServiceBusSessionMessageActions session,
        CancellationToken cancellationToken)
    {
        using var meter = nodes.Enter(Queues.OrderedChunks, message);
        ChunkMessage chunk;
        LanePlace place;
        JobControl control;
        LaneState state;
        IReadOnlyList<ChunkItem> work;
        try
        {
            chunk = ChunkItems.Read(message);
            (meter.Job, meter.Epoch) = (chunk.Id.Job, chunk.Epoch);
            place = chunk.Lane ?? throw new InvalidDataException($"Chunk {chunk.Id} has no place in a lane.");
            control = await controls.GetAsync(chunk.Id.Job, chunk.Epoch, cancellationToken);
            state = LaneState.Read(await session.GetSessionStateAsync(cancellationToken)).In(chunk.Epoch, place.Round);
            work = control.Drops(chunk) || chunk.Epoch < state.Epoch || place.Sequence <= state.Finished
                ? []
                : await items.LoadAsync(chunk, cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidDataException)
        {
            await actions.DeadLetterMessageAsync(message, null, "UnreadableChunk", unreadable.Message, cancellationToken);
            return;
        }

        var isLastInRow = false;
        if (work.Count > 0 && control.State == ControlState.Stopped)
        {
            // Whether its turn or not: nothing of this epoch is run any more.
            var run = new ChunkRun(work);
            run.CancelOpen(control.StopReason);
            await results.SendAsync(chunk, run.TakeResults(), cancellationToken);
        }
        else if (work.Count > 0 && place.Sequence > state.Finished + 1)
        {
            var holds = HoldsOf(message);
            var wait = TimeSpan.FromSeconds(Math.Min(settings.LaneHold.TotalSeconds * Math.Pow(2, holds), MaxHold.TotalSeconds));
            var held = state.HeldUntil - time.GetUtcNow() ?? TimeSpan.Zero;
            await HoldAsync(message, holds + 1, held > wait ? held : wait, actions, cancellationToken);
            return;
        }
        else if (work.Count > 0)
        {
            using var span = JobSpans.ProcessChunk(message, chunk, Queues.OrderedChunks);
            var start = time.GetTimestamp();
            metrics.ChunkStarted(chunk.Model, time.GetUtcNow() - message.EnqueuedTime);
            Task SaveAsync(LaneState changed) => session.SetSessionStateAsync(changed.Write(), cancellationToken);
            var end = await turns.RunAsync(chunk, work, message.DeliveryCount, state, SaveAsync, meter, cancellationToken);
            await SaveAsync(end.State with { HeldUntil = time.GetUtcNow() + end.Again });
            if (end.Again is { } wait)
            {
                await HoldAsync(message, HoldsOf(message), wait, actions, cancellationToken);
                await session.ReleaseSession(CancellationToken.None);
                return;
            }

            var runTime = time.GetElapsedTime(start);
            metrics.ChunkAnswered(chunk.Model, runTime);
            isLastInRow = runTime > LongRun || place.Sequence % ChunksInARow == 0;
        }

        await actions.CompleteMessageAsync(message, cancellationToken);
        if (place.Last || isLastInRow)
        {
            // Nothing of this page follows, or enough has run: let another lane have this slot at once instead of after the idle time-out. Releasing cancels this
            // invocation's token on Azure: with it, a call that did its work would fail now and then.
            await session.ReleaseSession(CancellationToken.None);
        }
    }

    private static int HoldsOf(ServiceBusReceivedMessage message) =>
        message.ApplicationProperties.TryGetValue(Holds, out var value) && value is int before and >= 0 ? before : 0;

    // Abandoned, the message would stay at the head of its session, before the chunk that it waits for. So a copy goes to the end.
    private async Task HoldAsync(ServiceBusReceivedMessage message, int holds, TimeSpan wait, ServiceBusMessageActions actions, CancellationToken cancellationToken)
    {
        var copy = new ServiceBusMessage(message)
        {
            // Not the chunk's own id: duplicate detection would drop the copy. The same for the same delivery: it may be sent twice.
            MessageId = string.Create(CultureInfo.InvariantCulture, $"{message.CorrelationId}~{message.SequenceNumber}"),
            ScheduledEnqueueTime = time.GetUtcNow() + wait,
        };
        copy.ApplicationProperties[Holds] = holds;
        await chunks.SendAsync(copy, Queues.OrderedChunks, cancellationToken);
        await actions.CompleteMessageAsync(message, cancellationToken);
    }
}
