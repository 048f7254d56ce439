using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Dispatch;

/// <summary>Cuts pieces out of chunks that are under way: some of the items go on without the others.</summary>
internal static class ChunkPieces
{
    /// <summary>A piece of a chunk. Which items it has is said in terms of the whole chunk, of however small a piece it is cut.</summary>
    /// <param name="chunk">The chunk, or a piece of one.</param>
    /// <param name="positions">Positions of the items among those that travel in <paramref name="chunk"/>, ascending.</param>
    public static ChunkMessage Of(ChunkMessage chunk, IReadOnlyList<int> positions) => positions.Count == chunk.ItemCount ? chunk : chunk with
    {
        ItemCount = positions.Count,
        Items = chunk.Items is { } items ? [.. positions.Select(position => items[position])] : null,
        Only = chunk.Only is { } only ? [.. positions.Select(position => only[position])] : positions,
    };

    /// <summary>The message of a chunk that goes back to the queue that it came from.</summary>
    /// <param name="chunk">The chunk, or a piece of one.</param>
    /// <param name="occasion">What tells this message from others with the same items; the same if it is sent twice.</param>
    /// <returns>A message whose id duplicate detection takes for no other one of the chunk.</returns>
    public static ServiceBusMessage Message(ChunkMessage chunk, string occasion)
    {
        var message = ChunkSender.Message(
            chunk.Id, chunk.Lane?.Number, JsonSerializer.SerializeToUtf8Bytes(chunk, ContractsJson.Wire.ChunkMessage));
        var items = chunk.Only is { } only ? Digest(only.Select(position => (long)position)) : "all";
        message.MessageId = $"{chunk.Id}~{items}~{occasion}";
        return message;
    }

    /// <summary>A short name for a set of items.</summary>
    /// <param name="numbers">Their indexes or positions, ascending.</param>
    /// <returns>16 hexadecimal digits.</returns>
    public static string Digest(IEnumerable<long> numbers)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, sizeof(long)));
    }
}
