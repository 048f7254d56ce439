using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace ModelJobs.Cli.Client;

/// <summary>
/// A body of items on its way, and the connection that it travels on, so that a refusal in the middle arrives as what it says.
/// A service that finds line 7 of a huge input wrong answers, reads no further and in the end closes the connection. HttpClient hands an
/// answer over only once the body is sent, and so would report the broken connection and lose the answer. Here a failed write ends
/// the body instead, and the answer, or its absence, is what counts.
/// </summary>
internal sealed class Upload : HttpContent
{
    private const int BufferBytes = 128 * 1024;

    private readonly Stream _input;
    private volatile bool _writeFailed;

    /// <param name="input">NDJSON items, read to their end, and never held in memory.</param>
    public Upload(Stream input)
    {
        _input = input;
        Headers.ContentType = new MediaTypeHeaderValue(JobsClient.NdjsonMediaType);
    }

    /// <summary>Opens the connection: what <see cref="SocketsHttpHandler.ConnectCallback"/> does by default, and the watch on its writes.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new Connection(this, socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        while (!_writeFailed && await ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    /// <summary>Never: a body of announced length could not end early.</summary>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private async ValueTask<int> ReadAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await _input.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException error)
        {
            throw new CommandException($"The input cannot be read: {error.Message}", error);
        }
    }

    private sealed class Connection(Upload upload, Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (upload._writeFailed)
            {
                return;
            }

            try
            {
                await base.WriteAsync(buffer, cancellationToken);
            }
            catch (IOException)
            {
                upload._writeFailed = true;
            }
        }
    }
}
