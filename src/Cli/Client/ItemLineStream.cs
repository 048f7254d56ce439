namespace ModelJobs.Cli.Client;

/// <summary>An open stream of NDJSON lines from the service.</summary>
internal sealed class ItemLineStream(HttpResponseMessage response, Uri endpoint) : IDisposable
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>
    /// Copies the lines as they arrive; each piece is flushed, since a followed stream can pause for long.
    /// </summary>
    /// <exception cref="ServiceException">The stream broke before its end.</exception>
    public async Task CopyToAsync(Stream target, CancellationToken cancellationToken)
    {
        await using var source = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[BufferBytes];
        while (await ReadAsync(source, buffer, cancellationToken) is > 0 and var read)
        {
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            await target.FlushAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => response.Dispose();

    // Only a failed read is the service's; a failed write to a full disk must not be reported as its broken connection.
    private async ValueTask<int> ReadAsync(Stream source, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await source.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException error)
        {
            throw ServiceException.Interrupted(endpoint, error);
        }
    }
}
