using System.Buffers;
using System.Text.Json;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Dispatch;

/// <summary>
/// Writes a <see cref="ChunkMessage"/> whose items are lines of the input. The lines go in as they are: reading a million items
/// only to write them again would be most of a dispatch. Each stands on a line of its own here too, where <see cref="Process.ChunkMessageReader"/> finds it.
/// </summary>
internal static class ChunkMessageWriter
{
    private static readonly JsonEncodedText Items = JsonEncodedText.Encode("items");

    /// <summary>Writes the message with its items inline.</summary>
    /// <param name="message">The message without items.</param>
    /// <param name="chunk">Which lines of the page are the items.</param>
    /// <param name="page">The page.</param>
    public static ReadOnlyMemory<byte> Write(ChunkMessage message, DraftChunk chunk, ReadOnlySpan<byte> page)
    {
        var head = JsonSerializer.SerializeToUtf8Bytes(message, ContractsJson.Wire.ChunkMessage);
        var body = new ArrayBufferWriter<byte>(head.Length + chunk.Bytes + chunk.Lines.Count + 16);
        body.Write(head.AsSpan(..^1));
        body.Write(",\""u8);
        body.Write(Items.EncodedUtf8Bytes);
        body.Write("\":["u8);
        foreach (var (number, (offset, length)) in chunk.Lines.Index())
        {
            body.Write(number == 0 ? "\n"u8 : ",\n"u8);
            body.Write(page.Slice(offset, length - 1));
        }

        body.Write("\n]}"u8);
        return body.WrittenMemory;
    }
}
