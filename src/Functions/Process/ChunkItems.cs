using System.Text.Json;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Process;

/// <summary>Reads chunk messages and the items that they carry or point at.</summary>
internal sealed class ChunkItems(JobBlobs blobs)
{
    /// <summary>Reads the body of a message on a chunk queue.</summary>
    /// <exception cref="JsonException">It is not a chunk.</exception>
    public static ChunkMessage Read(ServiceBusReceivedMessage message) =>
        JsonSerializer.Deserialize(message.Body.ToMemory().Span, ContractsJson.Wire.ChunkMessage)
        ?? throw new JsonException("The body is null.");

    /// <summary>The items of a chunk, inline or from storage.</summary>
    /// <exception cref="JsonException">A stored line is not an item.</exception>
    /// <exception cref="InvalidDataException">The chunk has another number of items than it says, or none at all.</exception>
    public async Task<IReadOnlyList<ChunkItem>> LoadAsync(ChunkMessage chunk, CancellationToken cancellationToken)
    {
        var items = chunk switch
        {
            { Items: { } inline } => inline,
            { Blob: { } range } => NdjsonLines.Parse(
                await blobs.ReadAsync(range.Name, range.Offset, range.Length, cancellationToken), ContractsJson.Wire.ChunkItem),
            _ => throw new InvalidDataException($"Chunk {chunk.Id} has neither items nor a blob."),
        };
        return items.Count == chunk.ItemCount
            ? items
            : throw new InvalidDataException($"Chunk {chunk.Id} has {items.Count} items where {chunk.ItemCount} were announced.");
    }
}
