using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ModelJobs.Simulation.Tests.Fuzz;

/// <summary>What came back.</summary>
/// <param name="Status">The status; 0 if the connection ended without an answer.</param>
/// <param name="Headers">Headers by name.</param>
/// <param name="Body">The body.</param>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? ContentType => Headers.GetValueOrDefault("Content-Type");
}

/// <summary>Speaks HTTP over a socket without any opinion about what it sends. Connects again when the server has ended the connection.</summary>
internal sealed class RawConnection(IPEndPoint server) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private TcpClient? _client;
    private bool _isBroken;
    private int _start;
    private int _end;

    public async Task<RawAnswer> SendAsync(FuzzRequest request, CancellationToken cancellationToken)
    {
        var isFresh = _client is null;
        var answer = await TrySendAsync(request, cancellationToken);
        if (answer is null && !isFresh)
        {
            // The server may have ended a connection that was kept, at its leisure.
            answer = await TrySendAsync(request, cancellationToken);
        }

        return answer ?? new RawAnswer(0, new Dictionary<string, string>(), []);
    }

    private async Task<RawAnswer?> TrySendAsync(FuzzRequest request, CancellationToken cancellationToken)
    {
        RawAnswer? answer = null;
        try
        {
            _client ??= await ConnectAsync(cancellationToken);
            var stream = _client.GetStream();
            // A server may answer, and end the connection, before it has read everything.
            var sending = SendAsync(_client, stream, request, cancellationToken);
            answer = await ReadAsync(stream, request.Method == "HEAD", cancellationToken);
            await sending;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or SocketException)
        {
            // The connection has ended; what was read of an answer counts.
            _isBroken = true;
        }

        if (_isBroken || request.EndsConnection || answer?.Headers.GetValueOrDefault("Connection") == "close")
        {
            Dispose();
        }

        return answer;
    }

    public void Dispose()
    {
        _client?.Dispose();
        _client = null;
        _isBroken = false;
        _start = _end = 0;
    }

    private async Task<TcpClient> ConnectAsync(CancellationToken cancellationToken)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server, cancellationToken);
        return client;
    }

    private static async Task SendAsync(TcpClient client, NetworkStream stream, FuzzRequest request, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(request.Head(), cancellationToken);
        foreach (var piece in request.Pieces())
        {
            await stream.WriteAsync(piece, cancellationToken);
        }

        if (request.EndsConnection)
        {
            client.Client.Shutdown(SocketShutdown.Send);
        }
    }

    private async Task<RawAnswer> ReadAsync(NetworkStream stream, bool isHead, CancellationToken cancellationToken)
    {
        string[] head;
        int status;
        do
        {
            head = (await ReadToAsync(stream, "\r\n\r\n"u8.ToArray(), cancellationToken)).Split("\r\n");
            status = int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        while (status < 200);

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in head.Skip(1))
        {
            headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }

        return new RawAnswer(status, headers, isHead || status is 204 or 304 ? [] : await ReadBodyAsync(stream, headers, cancellationToken));
    }

    private async Task<byte[]> ReadBodyAsync(NetworkStream stream, Dictionary<string, string> headers, CancellationToken cancellationToken)
    {
        if (headers.TryGetValue("Content-Length", out var length))
        {
            return await ReadAsync(stream, int.Parse(length, CultureInfo.InvariantCulture), cancellationToken);
        }

        var body = new MemoryStream();
        if (headers.GetValueOrDefault("Transfer-Encoding") == "chunked")
        {
            while (true)
            {
                var size = int.Parse(await ReadToAsync(stream, "\r\n"u8.ToArray(), cancellationToken), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                body.Write(await ReadAsync(stream, size, cancellationToken));
                await ReadToAsync(stream, "\r\n"u8.ToArray(), cancellationToken);
                if (size == 0)
                {
                    return body.ToArray();
                }
            }
        }

        while (await FillAsync(stream, cancellationToken))
        {
            body.Write(_buffer, _start, _end - _start);
            _start = _end;
        }

        return body.ToArray();
    }

    private async Task<string> ReadToAsync(NetworkStream stream, byte[] end, CancellationToken cancellationToken)
    {
        int found;
        while ((found = _buffer.AsSpan(_start, _end - _start).IndexOf(end)) < 0)
        {
            if (!await FillAsync(stream, cancellationToken))
            {
                throw new IOException("The connection ended within an answer.");
            }
        }

        var text = Encoding.Latin1.GetString(_buffer, _start, found);
        _start += found + end.Length;
        return text;
    }

    private async Task<byte[]> ReadAsync(NetworkStream stream, int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            if (_start == _end && !await FillAsync(stream, cancellationToken))
            {
                throw new IOException("The connection ended within an answer.");
            }

            var part = Math.Min(length - read, _end - _start);
            _buffer.AsSpan(_start, part).CopyTo(bytes.AsSpan(read));
            _start += part;
            read += part;
        }

        return bytes;
    }

    private async Task<bool> FillAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read;
        return read > 0;
    }
}
