using System.Security.Cryptography;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Process;

/// <summary>Answers for a chunk: to its page's reply session, correlated by the chunk's id.</summary>
internal sealed class ResultSender([FromKeyedServices(Queues.Results)] ServiceBusSender sender, JobBlobs blobs)
{
    /// <summary>Sends the results of a chunk; those too large to travel are stored first. A second answer is harmless: pages keep one per chunk.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="results">One result per item.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    /// <param name="messageId">What duplicate detection knows the message by; the chunk's id if null.</param>
    public async Task SendAsync(
        ChunkId id, IReadOnlyList<ItemResult> results, CancellationToken cancellationToken, string? messageId = null)
    {
        var body = Serialize(new ResultMessage { Id = id, Results = results });
        if (body.Length > JobLimits.MaxInlineBytes)
        {
            using var lines = NdjsonLines.Write(results, ContractsJson.Wire.ItemResult);
            var length = (int)lines.Length;
            var name = JobBlobs.ChunkResult(id, Convert.ToHexStringLower(SHA256.HashData(lines.GetBuffer().AsSpan(0, length))));
            await blobs.Blob(name).UploadAsync(lines, cancellationToken: cancellationToken);
            body = Serialize(new ResultMessage { Id = id, Blob = new BlobRange(name, 0, length) });
        }

        var chunk = id.ToString();
        await sender.SendMessageAsync(
            new ServiceBusMessage(body)
            {
                MessageId = messageId ?? chunk,
                CorrelationId = chunk,
                ContentType = "application/json",
                SessionId = Queues.PageSession(id.Job, id.Page),
            },
            cancellationToken);
    }

    private static byte[] Serialize(ResultMessage message) => JsonSerializer.SerializeToUtf8Bytes(message, ContractsJson.Wire.ResultMessage);
}
