namespace ModelJobs.Functions.Submit;

/// <summary>Reads at most so many bytes of a request's body, whatever its length header says.</summary>
/// <param name="inner">The body.</param>
/// <param name="limit">Most bytes to read.</param>
/// <param name="tooLarge">Makes the exception for a body that has more.</param>
internal sealed class LimitedStream(Stream inner, long limit, Func<Exception> tooLarge) : Stream
{
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException("A request's body has no known length.");

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException("A request's body is read once.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A request's body is read once.");

    public override void SetLength(long value) => throw new NotSupportedException("A request's body is only read.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A request's body is only read.");

    private int Count(int bytes)
    {
        _read += bytes;
        return _read <= limit ? bytes : throw tooLarge();
    }
}
