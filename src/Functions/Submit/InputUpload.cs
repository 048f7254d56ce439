using System.Globalization;
using Azure.Storage.Blobs.Specialized;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Submit;

/// <summary>
/// Writes a blob from its beginning to its end: one that fits one block in one request, a larger one in blocks, of which one is on its way while the
/// next is filled.
/// </summary>
/// <param name="blob">A blob that nobody else writes.</param>
/// <param name="recent">Remembers what was written, if there is room.</param>
internal sealed class InputUpload(BlockBlobClient blob, RecentInputs recent) : IAsyncDisposable
{
    /// <summary>Bytes that are uploaded at once.</summary>
    public const int BlockBytes = 4 * 1024 * 1024;

    private readonly List<string> _blocks = [];
    private readonly RecentInput _recent = new(recent);
    private MemoryStream _filling = new();
    private MemoryStream _sending = new();
    private Task _sent = Task.CompletedTask;

    /// <summary>Adds bytes.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_filling.Length > 0 && _filling.Length + bytes.Length > BlockBytes)
        {
            await SendBlockAsync(cancellationToken);
        }

        _filling.Write(bytes.Span);
        _recent.Add(bytes.Span);
    }

    /// <summary>Ends the blob: it is there, whole, from now on.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (_blocks.Count == 0)
        {
            _filling.Position = 0;
            await blob.UploadAsync(_filling, cancellationToken: cancellationToken);
        }
        else
        {
            await SendBlockAsync(cancellationToken);
            await _sent;
            await blob.CommitBlockListAsync(_blocks, cancellationToken: cancellationToken);
        }

        _recent.Keep(blob.Name);
    }

    /// <summary>Gives the blob up: nothing of it stays behind.</summary>
    public async Task DiscardAsync()
    {
        await _sent.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (_blocks.Count > 0)
        {
            // Blocks without a blob would stay for a week; they go when a blob is put in their place.
            await blob.UploadAsync(Stream.Null, cancellationToken: CancellationToken.None);
        }

        await blob.DeleteIfExistsAsync(cancellationToken: CancellationToken.None);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _recent.Dispose();
        await _filling.DisposeAsync();
        await _sending.DisposeAsync();
    }

    private async Task SendBlockAsync(CancellationToken cancellationToken)
    {
        await _sent;
        (_filling, _sending) = (_sending, _filling);
        var name = OrderedBlob.Encode(_blocks.Count.ToString("D6", CultureInfo.InvariantCulture));
        _blocks.Add(name);
        _sending.Position = 0;
        _sent = blob.StageBlockAsync(name, _sending, cancellationToken: cancellationToken);
        _filling.SetLength(0);
    }
}
