using System.Text.Json;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Recover;

/// <summary>
/// Pieces of chunks for external workers. To a worker each looks like a chunk; which piece it is stands in its correlation id, which the
/// answer repeats.
/// </summary>
internal static class ExternalPieces
{
    /// <summary>The name of a piece.</summary>
    /// <param name="whole">What it is a piece of, which may be a piece itself.</param>
    /// <param name="piece">Which part of that.</param>
    public static ChunkName Name(ChunkName whole, Piece piece) =>
        whole with { Piece = piece with { From = (whole.Piece?.From ?? 0) + piece.From } };

    /// <summary>Cuts a piece.</summary>
    /// <param name="chunk">What it is cut from.</param>
    /// <param name="piece">Which part of that.</param>
    /// <param name="lines">The stored items of <paramref name="chunk"/>, if they do not travel.</param>
    public static ChunkMessage Cut(ChunkMessage chunk, Piece piece, ReadOnlySpan<byte> lines)
    {
        if (chunk.Items is { } items)
        {
            return chunk with { ItemCount = piece.Count, Items = [.. items.Skip(piece.From).Take(piece.Count)] };
        }

        var from = LengthOf(lines, piece.From);
        var length = LengthOf(lines[from..], piece.Count);
        return chunk with { ItemCount = piece.Count, Blob = chunk.Blob! with { Offset = chunk.Blob.Offset + from, Length = length } };
    }

    /// <summary>The message of a chunk or piece that goes back to its queue.</summary>
    /// <param name="name">Which it is.</param>
    /// <param name="chunk">What is in it.</param>
    /// <param name="occasion">What tells this message from others of the same name; the same if it is sent twice.</param>
    public static ServiceBusMessage Message(ChunkName name, ChunkMessage chunk, string occasion)
    {
        var message = ChunkSender.ExternalMessage(chunk.Id, JsonSerializer.SerializeToUtf8Bytes(chunk, ContractsJson.Wire.ChunkMessage));
        message.CorrelationId = name.ToString();
        message.MessageId = $"{name}~{occasion}";
        return message;
    }

    private static int LengthOf(ReadOnlySpan<byte> lines, int count)
    {
        var length = 0;
        for (; count > 0 && length < lines.Length; count--)
        {
            var end = lines[length..].IndexOf((byte)'\n');
            length = end < 0 ? lines.Length : length + end + 1;
        }

        return length;
    }
}
