namespace ModelJobs.Cli.Tests.StandIns;

/// <summary>An input that gives its first bytes, and the rest only once a gate opens.</summary>
internal sealed class GatedStream(byte[] first, Task gate, byte[] rest) : Stream
{
    private readonly MemoryStream _first = new(first);
    private readonly MemoryStream _rest = new(rest);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await _first.ReadAsync(buffer, cancellationToken);
        if (read > 0)
        {
            return read;
        }

        await gate.WaitAsync(cancellationToken);
        return await _rest.ReadAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
