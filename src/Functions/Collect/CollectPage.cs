using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>What to collect.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Page">Number of the page.</param>
/// <param name="Chunks">How many chunks must answer.</param>
/// <param name="Items">How many results they must bring.</param>
/// <param name="External">What the answers are held against if external workers give them; null if the app does.</param>
internal sealed record CollectOrder(string JobId, int Page, int Chunks, int Items, ExternalPage? External = null);

/// <summary>How far a page has come.</summary>
/// <param name="Page">Number of the page.</param>
/// <param name="Succeeded">Items that succeeded so far.</param>
/// <param name="Failed">Items that failed so far.</param>
/// <param name="Complete">Whether every chunk has answered.</param>
internal sealed record PageReport(int Page, long Succeeded, long Failed, bool Complete);

/// <summary>
/// Pulls a page's reply session: takes results in batches, drops second answers, commits a part every so often and only then
/// completes the messages in it. A crash before a commit has the messages delivered again; a crash after it finds their chunks in
/// the part. Returns when every chunk has answered, or after a slice of time.
/// </summary>
internal sealed partial class CollectPage(
    ServiceBusClient client, PageParts parts, JobBlobs blobs, JobSettings settings, TimeProvider time, ILogger<CollectPage> logger)
{
    private const int ReceiveBatch = 100;

    /// <summary>Parts of a page after which the interval between commits begins to grow: a page that takes hours must not have thousands.</summary>
    private const int PartsBeforeSlowing = 10;
    private static readonly TimeSpan DrainWait = TimeSpan.FromSeconds(1);

    [Function(nameof(CollectPage))]
    public async Task<PageReport> Run([ActivityTrigger] CollectOrder order, CancellationToken cancellationToken)
    {
        await using var session = await client.AcceptSessionAsync(
            Queues.Results, Queues.PageSession(order.JobId, order.Page), cancellationToken: cancellationToken);
        var tally = await parts.ReadTallyAsync(order, cancellationToken);
        if (tally.IsComplete)
        {
            await DrainAsync(session, cancellationToken);
        }
        else
        {
            await CollectAsync(order, session, tally, cancellationToken);
        }

        return tally.IsComplete && tally.Succeeded + tally.Failed != order.Items
            ? throw new InvalidDataException(
                $"Page {order.Page} of job {order.JobId} has {tally.Succeeded + tally.Failed} results for {order.Items} items.")
            : new PageReport(order.Page, tally.Succeeded, tally.Failed, tally.IsComplete);
    }

    private async Task CollectAsync(CollectOrder order, ServiceBusSessionReceiver session, PageTally tally, CancellationToken cancellationToken)
    {
        var external = order.External is { } page ? new ExternalAnswers(blobs, order, page, logger) : null;
        var pending = new PendingPart();
        var slice = time.GetTimestamp();
        var lastCommit = slice;
        while (!tally.IsComplete && Remaining(slice, settings.CollectSlice) is var left && left > TimeSpan.Zero)
        {
            var untilCommit = Remaining(lastCommit, PartInterval(tally));
            var wait = pending.IsEmpty || left < untilCommit ? left : untilCommit;
            var messages = wait > TimeSpan.Zero ? await session.ReceiveMessagesAsync(ReceiveBatch, wait, cancellationToken) : [];
            foreach (var message in messages)
            {
                await TakeAsync(order, session, message, external, tally, pending, cancellationToken);
                if (pending.IsFull)
                {
                    await CommitPendingAsync();
                }
            }

            if (tally.IsCompleteWith(pending) || Remaining(lastCommit, PartInterval(tally)) <= TimeSpan.Zero)
            {
                await CommitPendingAsync();
            }
        }

        await CommitPendingAsync();

        async Task CommitPendingAsync()
        {
            await CommitAsync(order, session, tally, pending, cancellationToken);
            pending = new PendingPart();
            lastCommit = time.GetTimestamp();
        }
    }

    // A collector ended after its last commit, before it completed the messages in it: they would lie in the queue until they expire.
    private static async Task DrainAsync(ServiceBusSessionReceiver session, CancellationToken cancellationToken)
    {
        while (await session.ReceiveMessagesAsync(ReceiveBatch, DrainWait, cancellationToken) is { Count: > 0 } answered)
        {
            await Task.WhenAll(answered.Select(message => session.CompleteMessageAsync(message, cancellationToken)));
        }
    }

    private TimeSpan PartInterval(PageTally tally) => settings.PartInterval * Math.Max(1, tally.Parts / PartsBeforeSlowing);

    private TimeSpan Remaining(long since, TimeSpan span) => span - time.GetElapsedTime(since);

    private async Task TakeAsync(
        CollectOrder order,
        ServiceBusSessionReceiver session,
        ServiceBusReceivedMessage message,
        ExternalAnswers? external,
        PageTally tally,
        PendingPart pending,
        CancellationToken cancellationToken)
    {
        try
        {
            var answer = external is null ? OwnAnswer(order, message) : external.Open(message);
            if (!tally.Has(answer.Chunk) && !pending.Has(answer.Chunk))
            {
                pending.Add(answer.Chunk, await answer.LoadAsync(cancellationToken));
            }

            // Last: a message that turns out to be unreadable is settled below and must not be completed with the part.
            pending.Receive(message);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidDataException)
        {
            LogUnreadable(unreadable, message.MessageId, order.JobId, order.Page);
            // What is wrong may be quoted from the message, which is as long as its sender likes; a description is not.
            await session.DeadLetterMessageAsync(message, "UnreadableResult", WorkerAnswers.Short(unreadable.Message), cancellationToken);
        }
    }

    private Answer OwnAnswer(CollectOrder order, ServiceBusReceivedMessage message)
    {
        var result = JsonSerializer.Deserialize(message.Body.ToMemory().Span, ContractsJson.Wire.ResultMessage)
            ?? throw new JsonException("The body is null.");
        return result.Id.Job == order.JobId && result.Id.Page == order.Page && result.Id.Chunk >= 0 && result.Id.Chunk < order.Chunks
            ? new Answer(result.Id.Chunk, token => LoadAsync(result, token))
            : throw new InvalidDataException($"The page has no chunk {result.Id}.");
    }

    private async Task<IReadOnlyList<ItemResult>> LoadAsync(ResultMessage result, CancellationToken cancellationToken) => result switch
    {
        { Results: { } inline } => inline,
        { Blob: { } range } => NdjsonLines.Parse(
            await blobs.ReadAsync(range.Name, range.Offset, range.Length, cancellationToken), ContractsJson.Wire.ItemResult),
        _ => throw new InvalidDataException($"The result of {result.Id} has neither results nor a blob."),
    };

    private async Task CommitAsync(
        CollectOrder order, ServiceBusSessionReceiver session, PageTally tally, PendingPart pending, CancellationToken cancellationToken)
    {
        if (pending.IsEmpty)
        {
            return;
        }

        if (pending.HasResults)
        {
            await parts.CommitAsync(order, tally, pending, cancellationToken);
        }

        await Task.WhenAll(pending.Messages.Select(message => session.CompleteMessageAsync(message, cancellationToken)));
        await session.RenewSessionLockAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Result {Message} in the session of job {Job}, page {Page}, cannot be read; dead-lettered it.")]
    private partial void LogUnreadable(Exception unreadable, string message, string job, int page);
}
