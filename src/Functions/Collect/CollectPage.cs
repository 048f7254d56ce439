using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Collect;

/// <summary>
/// Pulls a page's reply session: takes results in batches, keeps the first of each item, commits a part every so often and only then
/// completes the messages in it. A crash before a commit has the messages delivered again; a crash after it finds their items in
/// the part. Returns when every item has answered, when the job goes on to another epoch or is paused, or after a slice of time.
/// </summary>
internal sealed partial class CollectPage(
    ServiceBusClient client,
    PageParts parts,
    PageScopes scopes,
    JobBlobs blobs,
    JobControls controls,
    LineCounts counts,
    MessagingMetrics messaging,
    JobSettings settings,
    TimeProvider time,
    ILogger<CollectPage> logger)
{
    private const int ReceiveBatch = 100;

    /// <summary>Parts of a page after which the interval between commits begins to grow: a page that takes hours must not have thousands.</summary>
    private const int PartsBeforeSlowing = 10;
    private static readonly TimeSpan DrainWait = TimeSpan.FromSeconds(1);

    /// <summary>How long one receive waits at most, so that what comes over the job is seen soon.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    [Function(nameof(CollectPage))]
    public async Task<PageReport> Run([ActivityTrigger] CollectOrder order, CancellationToken cancellationToken)
    {
        using var span = JobSpans.CollectPage(order.JobId, order.Page.Page);
        await using var session = await client.AcceptSessionAsync(
            Queues.Results, Queues.PageSession(order.JobId, order.Page.Page), cancellationToken: cancellationToken);
        var scope = await scopes.ReadAsync(order.JobId, order.Page, order.Round, cancellationToken);
        var tally = await parts.ReadTallyAsync(order.JobId, order.Page.Page, order.Round, scope, cancellationToken);
        var items = new PageItems(blobs, scopes, order);
        var collection = new Collection(order, session, tally, items);
        var control = tally.IsComplete ? null : await CollectAsync(collection, cancellationToken);
        if (tally.IsComplete)
        {
            await DrainAsync(session, cancellationToken);
        }

        return new PageReport(order.Page.Page, tally.Succeeded, tally.Failed, tally.Canceled, tally.IsComplete, control)
        {
            // Once: a page over many slices would have it in its history as often.
            Sums = tally.IsComplete && tally.Sums.Answers > 0 ? tally.Sums : null,
        };
    }

    /// <returns>What has come over the job; null if nothing has.</returns>
    private async Task<JobControl?> CollectAsync(Collection collection, CancellationToken cancellationToken)
    {
        var (order, tally) = (collection.Order, collection.Tally);
        IAnswers answers = order.External ? new ExternalAnswers(blobs, collection.Items, order, logger) : new OwnAnswers(blobs, order);
        var slice = time.GetTimestamp();
        var lastCommit = slice;
        var lastMessage = slice;
        JobControl? control = null;
        while (!tally.IsComplete && Remaining(slice, settings.CollectSlice) is var left && left > TimeSpan.Zero)
        {
            var current = await controls.GetAsync(order.JobId, order.Epoch, cancellationToken);
            control = current.State != ControlState.Running || current.Epoch != order.Epoch ? current : null;
            var leaving = order.DrainOnly || order.GiveUp is not null || control is { State: not ControlState.Stopped };
            var wait = leaving ? DrainWait : Shortest(left, MaxWait, collection.Pending.IsEmpty ? left : Remaining(lastCommit, PartInterval(tally)));
            var messages = wait > TimeSpan.Zero ? await collection.Session.ReceiveMessagesAsync(ReceiveBatch, wait, cancellationToken) : [];
            messaging.Consumed(Queues.Results, messages.Count);
            foreach (var message in messages)
            {
                lastMessage = time.GetTimestamp();
                await TakeAsync(collection, answers, message, cancellationToken);
                if (collection.Pending.IsFull)
                {
                    await CommitPendingAsync();
                }
            }

            if (messages.Count == 0 && leaving)
            {
                break;
            }

            if (tally.IsCompleteWith(collection.Pending) || Remaining(lastCommit, PartInterval(tally)) <= TimeSpan.Zero)
            {
                await CommitPendingAsync();
            }

            if (control is { State: ControlState.Stopped, Reason: { } reason } && time.GetElapsedTime(lastMessage) >= settings.StopGrace)
            {
                // The workers have seen it as well and answer what they take; whatever is left has no worker.
                await CommitPendingAsync();
                await AnswerMissingAsync(collection, ItemStatus.Canceled, reason, cancellationToken);
            }
        }

        await CommitPendingAsync();
        if (order.GiveUp is { } error && control is null)
        {
            await AnswerMissingAsync(collection, ItemStatus.Failed, error, cancellationToken);
        }
        else if (order.GiveUp is not null && control is { State: ControlState.Stopped, Reason: { } reason })
        {
            // No answer has come for as long as the job waits for one: another wait for the workers would begin anew with each slice.
            await AnswerMissingAsync(collection, ItemStatus.Canceled, reason, cancellationToken);
        }

        return control;

        async Task CommitPendingAsync()
        {
            await CommitAsync(collection, cancellationToken);
            lastCommit = time.GetTimestamp();
        }
    }

    // A collector ended after its last commit, before it completed the messages in it: they would lie in the queue until they expire.
    private static async Task DrainAsync(ServiceBusSessionReceiver session, CancellationToken cancellationToken)
    {
        // Looked at first: a wait in each of a job's pages would be felt.
        while (await session.PeekMessageAsync(cancellationToken: cancellationToken) is not null
            && await session.ReceiveMessagesAsync(ReceiveBatch, DrainWait, cancellationToken) is { Count: > 0 } answered)
        {
            await Task.WhenAll(answered.Select(message => session.CompleteMessageAsync(message, cancellationToken)));
        }
    }

    private TimeSpan PartInterval(PageTally tally) => settings.PartInterval * Math.Max(1, tally.Parts / PartsBeforeSlowing);

    private TimeSpan Remaining(long since, TimeSpan span) => span - time.GetElapsedTime(since);

    private static TimeSpan Shortest(params ReadOnlySpan<TimeSpan> spans)
    {
        var shortest = spans[0];
        foreach (var span in spans)
        {
            shortest = span < shortest ? span : shortest;
        }

        return shortest;
    }

    private async Task TakeAsync(
        Collection collection, IAnswers answers, ServiceBusReceivedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await answers.OpenAsync(message, cancellationToken);
            collection.Take(answer);
            // Last: a message that turns out to be unreadable is settled below and must not be completed with the part.
            collection.Pending.Receive(message);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidDataException)
        {
            LogUnreadable(unreadable, message.MessageId, collection.Order.JobId, collection.Order.Page.Page);
            // What is wrong may be quoted from the message, which is as long as its sender likes; a description is not.
            await collection.Session.DeadLetterMessageAsync(
                message, "UnreadableResult", WorkerAnswers.Short(unreadable.Message), cancellationToken);
        }
    }

    private async Task AnswerMissingAsync(Collection collection, ItemStatus status, JobError error, CancellationToken cancellationToken)
    {
        var missing = await collection.Items.AtAsync(ItemSet.Of(collection.Tally.Missing), cancellationToken);
        foreach (var item in missing)
        {
            collection.Pending.Add(ChunkRunner.NotRun(item, status, error));
        }

        await CommitAsync(collection, cancellationToken);
    }

    private async Task CommitAsync(Collection collection, CancellationToken cancellationToken)
    {
        var (order, tally, pending) = (collection.Order, collection.Tally, collection.Pending);
        if (pending.IsEmpty)
        {
            return;
        }

        if (pending.Results.Count > 0)
        {
            await parts.CommitAsync(order.JobId, order.Page, order.Round, tally, pending.Results, cancellationToken, pending.Sums);
            await counts.CountAsync(order, pending.Results, cancellationToken);
        }

        await Task.WhenAll(pending.Messages.Select(message => collection.Session.CompleteMessageAsync(message, cancellationToken)));
        await collection.Session.RenewSessionLockAsync(cancellationToken);
        collection.Pending = new PendingPart();
        if (tally.Failed > order.MaxFailed)
        {
            var reason = new JobError(JobControl.ToleranceExceeded, "More items failed than the job tolerates.");
            await controls.ChangeAsync(order.JobId, control => control.Stop(reason), cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Result {Message} in the session of job {Job}, page {Page}, cannot be read; dead-lettered it.")]
    private partial void LogUnreadable(Exception unreadable, string message, string job, int page);

    /// <summary>What one call works on.</summary>
    private sealed class Collection(CollectOrder order, ServiceBusSessionReceiver session, PageTally tally, PageItems items)
    {
        public CollectOrder Order => order;

        public ServiceBusSessionReceiver Session => session;

        public PageTally Tally => tally;

        public PageItems Items => items;

        public PendingPart Pending { get; set; } = new();

        /// <exception cref="InvalidDataException">A result is for no item of the page.</exception>
        public void Take(Answer answer)
        {
            if (answer.Results.FirstOrDefault(result => PositionOf(result) is var position && (position < 0 || position >= order.Page.Items)) is { } foreign)
            {
                throw new InvalidDataException($"The page has no item {foreign.Index}.");
            }

            var counted = 0;
            foreach (var result in answer.Results)
            {
                // A failure from before the round is why the item is being run again.
                var counts = answer.Dispatch >= order.Round || result.Status == ItemStatus.Succeeded;
                if (counts && tally.Awaits((int)PositionOf(result)) && Pending.Add(result))
                {
                    counted++;
                }
            }

            if (counted > 0 && answer.Sums is { } sums)
            {
                Pending.Add(sums with { Items = counted });
            }
        }

        private long PositionOf(ItemResult result) => result.Index - order.Page.FirstIndex;
    }
}
