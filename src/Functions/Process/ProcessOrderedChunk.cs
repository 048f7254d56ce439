using System.Globalization;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Runs the chunks of a lane, one at a time and in sequence. The session's state says which chunk was answered last: one that comes
/// again is dropped, since it was answered before the state moved; one that comes too early waits until the chunk before it has
/// answered, be it as a failure out of the dead-letter queue.
/// </summary>
internal sealed class ProcessOrderedChunk(
    ChunkItems items, ChunkRunner runner, ResultSender results, ChunkSender chunks, JobSettings settings, TimeProvider time)
{
    /// <summary>How long a chunk waits for its turn before it is dead-lettered: the chunk before it is lost.</summary>
    private static readonly TimeSpan MaxLaneWait = TimeSpan.FromHours(1);
    private const string HeldSince = "modeljobs-held-since";

    [Function(nameof(ProcessOrderedChunk))]
    public async Task Run(
        [ServiceBusTrigger(Queues.OrderedChunks, Connection = Queues.Connection, IsSessionsEnabled = true, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        ServiceBusSessionMessageActions session,
        CancellationToken cancellationToken)
    {
        ChunkMessage chunk;
        LanePlace place;
        IReadOnlyList<ChunkItem> work;
        try
        {
            chunk = ChunkItems.Read(message);
            place = chunk.Lane ?? throw new InvalidDataException($"Chunk {chunk.Id} has no place in a lane.");
            work = await items.LoadAsync(chunk, cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidDataException)
        {
            await actions.DeadLetterMessageAsync(message, null, "UnreadableChunk", unreadable.Message, cancellationToken);
            return;
        }

        var finished = LaneState.Read(await session.GetSessionStateAsync(cancellationToken)).Finished;
        if (place.Sequence > finished + 1)
        {
            await HoldAsync(message, actions, cancellationToken);
            return;
        }

        if (place.Sequence == finished + 1)
        {
            var answer = chunk.Failed is { } error
                ? ChunkRunner.FailAll(work, error)
                : await runner.RunAsync(chunk.Model, work, inOrder: place.ByKey, cancellationToken);
            await results.SendAsync(chunk.Id, answer, cancellationToken);
            await session.SetSessionStateAsync(new LaneState(place.Sequence).Write(), cancellationToken);
        }

        await actions.CompleteMessageAsync(message, cancellationToken);
        if (place.Last)
        {
            // Nothing of this page follows: let another lane have this slot at once instead of after the idle time-out. Releasing cancels this
            // invocation's token on Azure: with it, a call that did its work would fail now and then.
            await session.ReleaseSession(CancellationToken.None);
        }
    }

    // Abandoned, the message would stay at the head of its session, before the chunk that it waits for. So a copy goes to the end.
    private async Task HoldAsync(ServiceBusReceivedMessage message, ServiceBusMessageActions actions, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var since = message.ApplicationProperties.TryGetValue(HeldSince, out var value) && value is DateTimeOffset first ? first : now;
        if (now - since >= MaxLaneWait)
        {
            await actions.DeadLetterMessageAsync(message, null, "LaneGap", "The chunk before this one in its lane never came.", cancellationToken);
            return;
        }

        var copy = new ServiceBusMessage(message)
        {
            // Not the chunk's own id: duplicate detection would drop the copy. The same for the same delivery: it may be sent twice.
            MessageId = string.Create(CultureInfo.InvariantCulture, $"{message.CorrelationId}~{message.SequenceNumber}"),
            ScheduledEnqueueTime = now + settings.LaneHold,
        };
        copy.ApplicationProperties[HeldSince] = since;
        await chunks.SendAsync(copy, cancellationToken);
        await actions.CompleteMessageAsync(message, cancellationToken);
    }
}
