using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>Where a page's items are stored, so that what comes from outside of the app can be held against them.</summary>
/// <param name="Input">The job's input blob.</param>
/// <param name="Options">The job's options.</param>
internal sealed record ExternalPage(string Input, JobOptions Options);

/// <summary>
/// The answers of external workers for one page. They are foreign input: of an answer only what the worker alone knows is used, and
/// an answer that breaks the contract fails the items of its chunk, with the reason. A second answer would not come.
/// </summary>
internal sealed partial class ExternalAnswers(JobBlobs blobs, CollectOrder order, ExternalPage external, ILogger logger)
{
    private const int NotFound = 404;
    private const int NoSuchRange = 416;

    private readonly string _prefix = Queues.PageSession(order.JobId, order.Page) + "/";
    private PageItems? _items;

    /// <summary>Finds which chunk a message answers for.</summary>
    /// <exception cref="InvalidDataException">It answers for no chunk of this page.</exception>
    public Answer Open(ServiceBusReceivedMessage message)
    {
        return message.CorrelationId is { } id
            && id.StartsWith(_prefix, StringComparison.Ordinal)
            && int.TryParse(id.AsSpan(_prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var chunk)
            && chunk < order.Chunks
                ? new Answer(chunk, token => LoadAsync(new ChunkId(order.JobId, order.Page, chunk), message, token))
                : throw new InvalidDataException("The CorrelationId is not that of a chunk of this page, whose session the message came in.");
    }

    private async Task<IReadOnlyList<ItemResult>> LoadAsync(ChunkId id, ServiceBusReceivedMessage message, CancellationToken cancellationToken)
    {
        _items ??= await PageItems.ReadAsync(blobs, order, external, cancellationToken);
        var items = _items.OfChunk(id.Chunk);
        try
        {
            return WorkerAnswers.Match(items, await ReadAsync(id, message.Body.ToMemory(), items.Count, cancellationToken));
        }
        catch (Exception invalid) when (
            invalid is JsonException or InvalidDataException or RequestFailedException { Status: NotFound or NoSuchRange })
        {
            var reason = WorkerAnswers.Short($"The worker's answer is not valid: {Reason(invalid)} See docs/message-contract.md.");
            LogInvalid(id, message.MessageId, reason);
            return ChunkRunner.FailAll(items, new JobError("invalid_answer", reason));
        }
    }

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
