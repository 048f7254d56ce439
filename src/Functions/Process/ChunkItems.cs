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
    /// <exception cref="InvalidDataException">It is a chunk of no job.</exception>
    public static ChunkMessage Read(ServiceBusReceivedMessage message)
    {
        var chunk = ChunkMessageReader.Read(message.Body.ToMemory().Span);
        return JobId.IsValid(chunk.Id.Job) && chunk.Id is { Page: >= 0, Chunk: >= 0 }
            ? chunk
            : throw new InvalidDataException($"'{chunk.Id}' is no chunk of a job.");
    }

    /// <summary>The items that travel in a message, inline or from storage.</summary>
    /// <exception cref="JsonException">A stored line is not an item.</exception>
    /// <exception cref="InvalidDataException">The chunk has another number of items than it says, or none at all.</exception>
    public async ValueTask<IReadOnlyList<ChunkItem>> LoadAsync(ChunkMessage chunk, CancellationToken cancellationToken)
    {
        IReadOnlyList<ChunkItem> items = chunk switch
        {
            { Items: { } inline } => inline,
            { Blob: not null } => ChunkMessageReader.ReadItems((await LinesAsync(chunk, cancellationToken)).Span),
            _ => throw new InvalidDataException($"Chunk {chunk.Id} has neither items nor a blob."),
        };
        if (chunk is { Blob: not null, Only: { } only })
        {
            items = [.. only.Select(position => position >= 0 && position < items.Count
                ? items[position]
                : throw new InvalidDataException($"Chunk {chunk.Id} has no item at position {position}."))];
        }

        return items.Count > 0 && items.Count == chunk.ItemCount
            ? items
            : throw new InvalidDataException($"Chunk {chunk.Id} has {items.Count} items where {chunk.ItemCount} were announced.");
    }

    /// <summary>The stored items of a chunk that names a blob, as they are stored.</summary>
    public Task<ReadOnlyMemory<byte>> LinesAsync(ChunkMessage chunk, CancellationToken cancellationToken) =>
        blobs.ReadAsync(chunk.Blob!.Name, chunk.Blob.Offset, chunk.Blob.Length, cancellationToken);
}
