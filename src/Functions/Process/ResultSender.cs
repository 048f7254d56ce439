using System.Security.Cryptography;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Process;

/// <summary>Answers for a chunk or some of its items: to its page's reply session, correlated by the chunk's id.</summary>
internal sealed class ResultSender([FromKeyedServices(Queues.Results)] QueueSender sender, JobBlobs blobs)
{
    /// <summary>Answers for items that travelled in a message. Nothing is sent if there are no results.</summary>
    /// <param name="chunk">The message.</param>
    /// <param name="results">Results of its items, or of some of them.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    /// <param name="meter">What measures the run that they come from.</param>
    public Task SendAsync(ChunkMessage chunk, IReadOnlyList<ItemResult> results, CancellationToken cancellationToken, RunMeter? meter = null)
    {
        if (results.Count == 0)
        {
            return Task.CompletedTask;
        }

        // Duplicate detection drops what answers for the same items a second time, and must not drop what answers for others.
        var isWhole = chunk.Only is null && results.Count == chunk.ItemCount;
        return SendAsync(
            chunk.Id,
            results,
            cancellationToken,
            isWhole ? null : $"{chunk.Id}~{ChunkPieces.Digest(results.Select(result => result.Index))}",
            timing: meter?.Take());
    }

    /// <summary>Sends results; those too large to travel are stored first. A second answer is harmless: pages keep one per item.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="results">One result per item that is answered.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    /// <param name="messageId">What duplicate detection knows the message by; the chunk's id if null.</param>
    /// <param name="correlationId">What the answer is to; the chunk if null.</param>
    /// <param name="timing">What their run measured.</param>
    public async Task SendAsync(
        ChunkId id,
        IReadOnlyList<ItemResult> results,
        CancellationToken cancellationToken,
        string? messageId = null,
        string? correlationId = null,
        RunTiming? timing = null)
    {
        var body = Serialize(new ResultMessage { Id = id, Results = results, Timing = timing });
        if (body.Length > JobLimits.MaxInlineBytes)
        {
            using var lines = NdjsonLines.Write(results, ContractsJson.Wire.ItemResult);
            var length = (int)lines.Length;
            var name = JobBlobs.ChunkResult(id, Convert.ToHexStringLower(SHA256.HashData(lines.GetBuffer().AsSpan(0, length))));
            await blobs.Blob(name).UploadAsync(lines, cancellationToken: cancellationToken);
            body = Serialize(new ResultMessage { Id = id, Blob = new BlobRange(name, 0, length), Timing = timing });
        }

        var chunk = id.ToString();
        var message = new ServiceBusMessage(body)
        {
            MessageId = messageId ?? chunk,
            CorrelationId = correlationId ?? chunk,
            ContentType = "application/json",
            SessionId = Queues.PageSession(id.Job, id.Page),
        };
        await sender.SendAsync(message, cancellationToken);
    }

    private static byte[] Serialize(ResultMessage message) => JsonSerializer.SerializeToUtf8Bytes(message, ContractsJson.Wire.ResultMessage);
}
