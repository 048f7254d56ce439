using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Dispatch;

/// <summary>What to dispatch.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Input">Its input blob.</param>
/// <param name="Model">Name of its model.</param>
/// <param name="Page">Number of the page.</param>
/// <param name="Options">The job's options.</param>
/// <param name="LaneChunks">Chunks of each lane in the pages before, in this epoch; empty at its start or without lanes.</param>
/// <param name="External">Whether external workers run the chunks.</param>
internal sealed record DispatchOrder(
    string JobId, string Input, string Model, int Page, JobOptions Options, IReadOnlyList<long> LaneChunks, bool External = false)
{
    /// <summary>The job's epoch.</summary>
    public int Epoch { get; init; }

    /// <summary>Number of the dispatch that began the page's round; this one if it begins it.</summary>
    public int Round { get; init; }

    /// <summary>Number of this dispatch. One that begins a round sends what the round is about, a later one what is still unanswered.</summary>
    public int Dispatch { get; init; }

    /// <summary>The redrive that the round is for; null in the first round, which is about all items.</summary>
    public string? Redrive { get; init; }

    /// <summary>Whether the chunks go the short way.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Express { get; init; }

    /// <summary>The job's plan, if it is short.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PagePlan>? Pages { get; init; }

    /// <summary>Only these of the unanswered items, by position, as <see cref="ItemSet"/> stores them: the others are known to be on their way.</summary>
    public ReadOnlyMemory<byte>? Lost { get; init; }
}

/// <summary>What was dispatched.</summary>
/// <param name="Page">The page.</param>
/// <param name="LaneChunks">Chunks of each lane so far, this page included; empty without lanes.</param>
/// <param name="Reopened">What the items that a redrive sends had come to before; zero without one.</param>
internal sealed record DispatchReport(PagePlan Page, IReadOnlyList<long> LaneChunks, OpenItems Reopened);

/// <summary>Sends a page's chunks. Running it again sends the same messages in the same order.</summary>
internal sealed class DispatchPage(JobBlobs blobs, RecentInputs inputs, RoundScopes rounds, ChunkSender sender, TimeProvider time)
{
    /// <summary>Longest that a page keeps its turn while it is read: those behind it, of all jobs, do not wait for a storage that hangs.</summary>
    private static readonly TimeSpan MaxReading = TimeSpan.FromSeconds(2);

    [Function(nameof(DispatchPage))]
    public async Task<DispatchReport> Run([ActivityTrigger] DispatchOrder order, CancellationToken cancellationToken)
    {
        using var span = JobSpans.DispatchPage(order.JobId, order.Page, order.Model);
        var sent = SendAsync(order, cancellationToken);
        // The chunks, and the pages behind, do not wait for a plan that nobody needs but later rounds.
        var stored = order.Round == 0 ? PagePlan.StoreFirstAsync(blobs, order.JobId, order.Page, order.Pages, cancellationToken) : Task.CompletedTask;
        await Task.WhenAll(stored, sent);
        return await sent;
    }

    /// <summary>The queue of the chunks that have no lane.</summary>
    private static string QueueOf(DispatchOrder order) => order.External ? Queues.ExternalChunks : Queues.WithoutOrder(order.Express);

    private async Task<DispatchReport> SendAsync(DispatchOrder order, CancellationToken cancellationToken)
    {
        // First of all: pages are read side by side, and a short one must not get before the one that it comes after.
        using var turn = sender.TakeTurn(QueueOf(order), cancellationToken);
        var drafting = DraftAsync(order, cancellationToken);
        using var ready = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var isInTime = await Task.WhenAny(drafting, Task.Delay(MaxReading, time, ready.Token)) == drafting;
        await ready.CancelAsync();
        if (!isInTime)
        {
            turn.Dispose();
        }

        var draft = await drafting;
        if (draft.Messages.Count > 0)
        {
            await (isInTime ? turn.SendAsync(draft.Messages, cancellationToken) : sender.SendAsync(draft.Messages, QueueOf(order), cancellationToken));
        }

        return draft.Report;
    }

    private async Task<Draft> DraftAsync(DispatchOrder order, CancellationToken cancellationToken)
    {
        var plan = await PagePlan.FindAsync(blobs, order.JobId, order.Page, order.Pages, cancellationToken);
        var (scope, reopened) = await rounds.OfAsync(order, plan, cancellationToken);
        var lanes = order.LaneChunks.Count > 0 ? order.LaneChunks.ToArray() : new long[Lanes.CountOf(order.Options)];
        if (scope.Count == 0)
        {
            return new Draft(new DispatchReport(plan, lanes, reopened), []);
        }

        var page = await inputs.ReadAsync(order.Input, plan.Offset, plan.Bytes, cancellationToken);
        var chunks = ChunkCutter.Cut(page.Span, order.Options, scope);
        var ranges = await StoreScatteredAsync(order, plan, chunks, page, cancellationToken);

        var lastOfLane = chunks.Index().Where(chunk => chunk.Item.Lane != Lanes.None).GroupBy(chunk => chunk.Item.Lane)
            .Select(lane => lane.Last().Index).ToHashSet();
        List<ServiceBusMessage> messages = [.. Messages()];
        return new Draft(new DispatchReport(plan, lanes, reopened), messages);

        IEnumerable<ServiceBusMessage> Messages()
        {
            foreach (var (number, chunk) in chunks.Index())
            {
                var lane = chunk.Lane == Lanes.None ? null : new LanePlace(
                    chunk.Lane,
                    ++lanes[chunk.Lane],
                    lastOfLane.Contains(number),
                    order.Options.OrderByKey,
                    order.Options.OnFailure == FailureAction.StopLane,
                    order.Round);
                var id = new ChunkId(order.JobId, order.Page, DispatchNumber.FirstChunk(order.Dispatch) + number);
                var message = new ChunkMessage
                {
                    Id = id,
                    Model = order.Model,
                    ItemCount = chunk.Lines.Count,
                    Epoch = order.Epoch,
                    Lane = lane,
                    Priority = order.Options.Priority,
                    Express = order.Express,
                    Blob = ranges[number],
                    AnswerBlob = order.External ? JobBlobs.ChunkResults(id) : null,
                };
                var body = message.Blob is null
                    ? ChunkMessageWriter.Write(message, chunk, page.Span)
                    : JsonSerializer.SerializeToUtf8Bytes(message, ContractsJson.Wire.ChunkMessage);
                yield return order.External ? ChunkSender.ExternalMessage(id, body) : ChunkSender.Message(id, lane?.Number, body);
            }
        }
    }

    /// <summary>Finds where each chunk too large to travel lies in storage; those whose lines are scattered are first put together.</summary>
    /// <returns>A range for each chunk, null for those that travel inline.</returns>
    private async Task<BlobRange?[]> StoreScatteredAsync(
        DispatchOrder order, PagePlan plan, List<DraftChunk> chunks, ReadOnlyMemory<byte> page, CancellationToken cancellationToken)
    {
        var ranges = new BlobRange?[chunks.Count];
        var name = JobBlobs.PageChunks(order.JobId, order.Page, order.Dispatch);
        using var gathered = new MemoryStream();
        foreach (var (number, chunk) in chunks.Index().Where(chunk => chunk.Item.Bytes > JobLimits.MaxInlineBytes))
        {
            if (chunk.IsContiguous)
            {
                ranges[number] = new BlobRange(order.Input, plan.Offset + chunk.Lines[0].Offset, chunk.Bytes);
                continue;
            }

            ranges[number] = new BlobRange(name, gathered.Position, chunk.Bytes);
            chunk.Lines.ForEach(line => gathered.Write(page.Span.Slice(line.Offset, line.Length)));
        }

        if (gathered.Length > 0)
        {
            gathered.Position = 0;
            await blobs.Blob(name).UploadAsync(gathered, cancellationToken: cancellationToken);
        }

        return ranges;
    }

    /// <summary>A page before it is sent.</summary>
    private sealed record Draft(DispatchReport Report, IReadOnlyList<ServiceBusMessage> Messages);
}
