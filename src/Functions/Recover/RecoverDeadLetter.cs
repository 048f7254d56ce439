using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;

namespace ModelJobs.Functions.Recover;

/// <summary>
/// Puts chunks right that were given up. One of its items may kill or stall its workers: the chunk is halved, and what is given up again
/// is halved again, until that item is alone. It fails and is parked, and all others have run. A chunk of a lane goes back into its
/// lane, since only there can the lane move on, and is run item by item. What cannot be read is parked.
/// </summary>
internal sealed partial class RecoverDeadLetter(
    ChunkItems items,
    Suspects suspects,
    ResultSender results,
    ChunkSender chunks,
    ParkedQueue parked,
    JobControls controls,
    TimeProvider time,
    ILogger<RecoverDeadLetter> logger)
{
    /// <summary>
    /// Most records that a chunk's history can have: halving takes ten, then come the times that an item was lost with a worker that
    /// others had killed. With more an item is given up, whoever is to blame.
    /// </summary>
    public const int MaxHistory = 30;

    /// <summary>Code of items whose chunk somebody has dead-lettered.</summary>
    public const string DeadLettered = "dead_lettered";

    /// <summary>Application property of a message that was sent again since it had expired.</summary>
    private const string Expired = "modeljobs-expired";

    private const string TimeToLiveExpired = "TTLExpiredException";
    private const string MaxDeliveryCountExceeded = "MaxDeliveryCountExceeded";
    private const int NotFound = 404;
    private const int NoSuchRange = 416;

    [Function(nameof(RecoverChunk))]
    public Task RecoverChunk(
        [ServiceBusTrigger(Queues.Chunks + Queues.DeadLetter, Connection = Queues.Connection, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RecoverAsync(message, actions, RecoverOwnAsync, cancellationToken);

    [Function(nameof(RecoverExpressChunk))]
    public Task RecoverExpressChunk(
        [ServiceBusTrigger(Queues.ExpressChunks + Queues.DeadLetter, Connection = Queues.Connection, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RecoverAsync(message, actions, RecoverOwnAsync, cancellationToken);

    [Function(nameof(RecoverOrderedChunk))]
    public Task RecoverOrderedChunk(
        [ServiceBusTrigger(Queues.OrderedChunks + Queues.DeadLetter, Connection = Queues.Connection, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RecoverAsync(message, actions, RecoverOwnAsync, cancellationToken);

    [Function(nameof(RecoverExternalChunk))]
    public Task RecoverExternalChunk(
        [ServiceBusTrigger(Queues.ExternalChunks + Queues.DeadLetter, Connection = Queues.Connection, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RecoverAsync(message, actions, RecoverExternalAsync, cancellationToken);

    // Whatever is sent is sent under an id that says what it is about, and before the dead letter is completed: a crash repeats it.
    private async Task RecoverAsync(
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        Func<DeadChunk, JobControl, CancellationToken, Task> recoverAsync,
        CancellationToken cancellationToken)
    {
        LogDeadLetter(message.MessageId, message.DeadLetterReason, message.DeadLetterErrorDescription, message.DeliveryCount);
        try
        {
            var chunk = ChunkItems.Read(message);
            var control = await controls.GetAsync(chunk.Id.Job, chunk.Epoch, cancellationToken);
            if (!control.Drops(chunk))
            {
                var work = await items.LoadAsync(chunk, cancellationToken);
                await recoverAsync(new DeadChunk(message, chunk, work), control, cancellationToken);
            }
        }
        catch (Exception unreadable) when (
            unreadable is JsonException or InvalidDataException or RequestFailedException { Status: NotFound or NoSuchRange })
        {
            LogUnreadable(unreadable, message.MessageId);
            await parked.ParkAsync(message, cancellationToken);
        }

        await actions.CompleteMessageAsync(message, cancellationToken);
    }

    private async Task RecoverOwnAsync(DeadChunk dead, JobControl control, CancellationToken cancellationToken)
    {
        var (message, chunk, work) = dead;
        if (control.State == ControlState.Stopped)
        {
            var canceled = new ChunkRun(work, dead.Attempts);
            canceled.CancelOpen(control.StopReason);
            await results.SendAsync(chunk, canceled.TakeResults(), cancellationToken);
            return;
        }

        if (message.DeadLetterReason == TimeToLiveExpired && !message.ApplicationProperties.ContainsKey(Expired))
        {
            // It has lain there for two weeks: nobody has run it, and it is suspect of nothing.
            await chunks.SendAsync(Again(ChunkPieces.Message(chunk, dead.Occasion)), Queues.Of(chunk), cancellationToken);
            return;
        }

        var suspect = Suspect(dead);
        if (chunk.Lane is not null)
        {
            await chunks.SendAsync(ChunkPieces.Message(suspect, dead.Occasion), Queues.Of(suspect), cancellationToken);
        }
        else if (work is [var item])
        {
            await RecoverItemAsync(dead, suspect, item, cancellationToken);
        }
        else
        {
            foreach (var half in Halves(work.Count))
            {
                var piece = ChunkPieces.Of(suspect, [.. Enumerable.Range(half.From, half.Count)]);
                await chunks.SendAsync(ChunkPieces.Message(piece, dead.Occasion), Queues.Of(piece), cancellationToken);
            }
        }
    }

    private async Task RecoverItemAsync(DeadChunk dead, ChunkMessage suspect, ChunkItem item, CancellationToken cancellationToken)
    {
        var reason = dead.Message.DeadLetterReason;
        var isLost = reason is MaxDeliveryCountExceeded or ProcessChunk.WorkerLost or TimeToLiveExpired;
        var tries = await suspects.TriesAsync(dead.Chunk.Id, item.Index, cancellationToken);
        if (isLost && tries < Suspects.MaxTries && suspect.History!.Count < MaxHistory)
        {
            // Its workers were lost before they began it, or with others beside it: not proven.
            await chunks.SendAsync(ChunkPieces.Message(suspect, dead.Occasion), Queues.Of(suspect), cancellationToken);
            return;
        }

        var result = isLost
            ? Poison.ResultOf(item, dead.Attempts, tries, suspect.History)
            : Poison.Failed(item, new JobError(DeadLettered, dead.Words), dead.Attempts, suspect.History);
        await parked.ParkAsync(dead.Chunk, item, result, reason ?? "", cancellationToken);
        await results.SendAsync(dead.Chunk, [result], cancellationToken);
        await suspects.EndAsync(dead.Chunk.Id, item.Index, cancellationToken);
    }

    private async Task RecoverExternalAsync(DeadChunk dead, JobControl control, CancellationToken cancellationToken)
    {
        var (message, chunk, work) = dead;
        if (control.State == ControlState.Stopped)
        {
            // What has no answer is answered for where the answers are collected.
            return;
        }

        var name = ChunkName.TryParse(message.CorrelationId, out var named) && named.Id == chunk.Id ? named : new ChunkName(chunk.Id);
        var suspect = Suspect(dead);
        switch (message.DeadLetterReason)
        {
            case TimeToLiveExpired when !message.ApplicationProperties.ContainsKey(Expired):
                await chunks.SendAsync([Again(ExternalPieces.Message(name, chunk, dead.Occasion))], Queues.ExternalChunks, cancellationToken);
                break;
            case TimeToLiveExpired or MaxDeliveryCountExceeded when work.Count > 1:
                var lines = chunk.Blob is null ? default : await items.LinesAsync(chunk, cancellationToken);
                var pieces = new List<ServiceBusMessage>();
                foreach (var half in Halves(work.Count))
                {
                    pieces.Add(ExternalPieces.Message(ExternalPieces.Name(name, half), ExternalPieces.Cut(suspect, half, lines.Span), dead.Occasion));
                }

                await chunks.SendAsync(pieces, Queues.ExternalChunks, cancellationToken);
                break;
            case TimeToLiveExpired or MaxDeliveryCountExceeded:
                var losses = suspect.History!.Where(record => record.Items == 1).Sum(record => record.Deliveries);
                var poison = Poison.ResultOf(work[0], dead.Attempts, losses, suspect.History);
                await parked.ParkAsync(chunk, work[0], poison, message.DeadLetterReason, cancellationToken);
                await AnswerExternalAsync(name, [poison], cancellationToken);
                break;
            default:
                // The worker says that it cannot be run, all of it.
                await AnswerExternalAsync(name, ChunkRunner.FailAll(work, new JobError(DeadLettered, dead.Words)), cancellationToken);
                break;
        }
    }

    // An external worker may have sent anything under the chunk's id, into any session; it must not keep this answer out.
    private Task AnswerExternalAsync(ChunkName name, IReadOnlyList<ItemResult> answer, CancellationToken cancellationToken) =>
        results.SendAsync(name.Id, answer, cancellationToken, messageId: name + "!", correlationId: name.ToString());

    private static ServiceBusMessage Again(ServiceBusMessage message)
    {
        message.ApplicationProperties[Expired] = true;
        return message;
    }

    private static Piece[] Halves(int items) => [new Piece(0, items / 2), new Piece(items / 2, items - (items / 2))];

    private ChunkMessage Suspect(DeadChunk dead) => dead.Chunk with
    {
        Attempts = dead.Attempts,
        History =
        [
            .. (dead.Chunk.History ?? []).TakeLast(MaxHistory - 1),
            new DeliveryRecord(
                time.GetUtcNow(), dead.Message.DeadLetterReason ?? "", dead.Losses, dead.Items.Count, dead.Message.DeadLetterErrorDescription),
        ],
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Chunk {Chunk} was dead-lettered ({Reason}: {Description}), seen {Deliveries} times.")]
    private partial void LogDeadLetter(string chunk, string? reason, string? description, int deliveries);

    [LoggerMessage(Level = LogLevel.Error, Message = "Dead letter {Message} cannot be put right; parked it.")]
    private partial void LogUnreadable(Exception unreadable, string message);

    /// <summary>A chunk that was given up.</summary>
    private sealed record DeadChunk(ServiceBusReceivedMessage Message, ChunkMessage Chunk, IReadOnlyList<ChunkItem> Items)
    {
        /// <summary>How often a worker had it and did not end it. A dead letter's deliveries count this one.</summary>
        public int Losses => Message.DeliveryCount - 1;

        /// <summary>How often its items were attempted, as far as is known.</summary>
        public int Attempts => Chunk.Attempts + Losses;

        /// <summary>What tells what is sent on its account from what is sent on others'.</summary>
        public string Occasion => string.Create(CultureInfo.InvariantCulture, $"d{Message.SequenceNumber}");

        /// <summary>Why it was given up.</summary>
        public string Words => $"The chunk was given up: {Message.DeadLetterReason}. {Message.DeadLetterErrorDescription}".TrimEnd();
    }
}
