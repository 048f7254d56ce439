using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Azure.Storage.Blobs.Specialized;

namespace ModelJobs.Functions.Assemble;

/// <summary>A line of a part.</summary>
/// <param name="Index">Index of the item.</param>
/// <param name="Succeeded">Whether it belongs to the output or to the errors.</param>
/// <param name="Utf8">The line without its line feed.</param>
internal readonly record struct ResultLine(long Index, bool Succeeded, ReadOnlyMemory<byte> Utf8);

/// <summary>Reads the lines of a part, one after another.</summary>
internal sealed class PartReader(Stream part) : IAsyncDisposable
{
    private const int BufferBytes = 256 * 1024;
    private readonly PipeReader _reader = PipeReader.Create(part, new StreamPipeReaderOptions(bufferSize: BufferBytes));

    /// <summary>The line read last.</summary>
    public ResultLine Current { get; private set; }

    /// <summary>Opens a part.</summary>
    public static async Task<PartReader> OpenAsync(BlockBlobClient blob, CancellationToken cancellationToken)
    {
        var download = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
        return new PartReader(download.Value.Content);
    }

    /// <summary>Reads the next line.</summary>
    /// <returns>False at the end.</returns>
    public async ValueTask<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _reader.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                Current = Parse(read.Buffer.Slice(0, end).ToArray());
                _reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return true;
            }

            if (read.IsCompleted)
            {
                return read.Buffer.IsEmpty ? false : throw new InvalidDataException("A part ends within a line.");
            }

            _reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _reader.CompleteAsync();
        await part.DisposeAsync();
    }

    // The line was written by this app: index and status stand before output and meta, which are not looked at.
    private static ResultLine Parse(byte[] line)
    {
        var reader = new Utf8JsonReader(line);
        var index = -1L;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                index = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                reader.Read();
                return new ResultLine(index, reader.ValueTextEquals("succeeded"u8), line);
            }
            else
            {
                reader.Skip();
            }
        }

        throw new InvalidDataException("A line of a part has no status.");
    }
}
