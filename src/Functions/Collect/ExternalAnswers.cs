using System.Text.Json;
using Azure;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>
/// The answers of external workers for one page. They are foreign input: of an answer only what the worker alone knows is used, and
/// an answer that breaks the contract fails the items of its chunk, with the reason. A second answer would not come.
/// </summary>
internal sealed partial class ExternalAnswers(JobBlobs blobs, PageItems items, CollectOrder order, ILogger logger) : IAnswers
{
    private const int NotFound = 404;
    private const int NoSuchRange = 416;

    private readonly string _session = Queues.PageSession(order.JobId, order.Page.Page);

    /// <inheritdoc/>
    public async Task<Answer> OpenAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken)
    {
        if (!ChunkName.TryParse(message.CorrelationId, out var name) || Queues.PageSession(name.Id.Job, name.Id.Page) != _session)
        {
            throw NoChunk();
        }

        var dispatch = DispatchNumber.OfChunk(name.Id.Chunk);
        if (dispatch < order.Round)
        {
            // What it was about is cut differently now, and is being run again.
            return new Answer(dispatch, []);
        }

        var chunk = await OfChunkAsync(name, cancellationToken) ?? throw NoChunk();
        try
        {
            var results = WorkerAnswers.Match(chunk, await ReadAsync(name.Id, message.Body.ToMemory(), chunk.Count, cancellationToken));
            return new Answer(dispatch, results, RunSums.OfExternal(results));
        }
        catch (Exception invalid) when (
            invalid is JsonException or InvalidDataException or RequestFailedException { Status: NotFound or NoSuchRange })
        {
            var reason = WorkerAnswers.Short($"The worker's answer is not valid: {Reason(invalid)} See docs/message-contract.md.");
            LogInvalid(name.Id, message.MessageId, reason);
            return new Answer(dispatch, ChunkRunner.FailAll(chunk, new JobError("invalid_answer", reason)));
        }
    }

    private async Task<IReadOnlyList<ChunkItem>?> OfChunkAsync(ChunkName name, CancellationToken cancellationToken)
    {
        try
        {
            var chunk = await items.OfChunkAsync(name.Id.Chunk, cancellationToken);
            return name.Piece is not { } piece ? chunk
                : chunk is not null && piece.From <= chunk.Count && piece.Count <= chunk.Count - piece.From ? [.. chunk.Skip(piece.From).Take(piece.Count)]
                : null;
        }
        catch (RequestFailedException neverSent) when (neverSent.Status == NotFound)
        {
            return null;
        }
    }

    private static InvalidDataException NoChunk() => new("The CorrelationId is not that of a chunk of this page, whose session the message came in.");

    private async Task<IReadOnlyList<WorkerResult?>> ReadAsync(ChunkId id, ReadOnlyMemory<byte> body, int items, CancellationToken cancellationToken)
    {
        var answer = WorkerAnswers.Parse(id, body.Span);
        if (answer.Blob is not { } range)
        {
            return answer.Results!;
        }

        WorkerAnswers.CheckBlob(id, range);
        var lines = await blobs.ReadAsync(range.Name, range.Offset, range.Length, cancellationToken);
        return NdjsonLines.Parse(lines, ContractsJson.Wire.WorkerResult, maxLines: items);
    }

    private static string Reason(Exception invalid) => invalid is RequestFailedException
        ? "the blob that it names does not have the bytes that it names."
        : invalid.Message;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Answer {Message} for chunk {Chunk} breaks the contract; its items fail. {Reason}")]
    private partial void LogInvalid(ChunkId chunk, string message, string reason);
}
