using System.Buffers.Binary;
using System.Net.Sockets;
using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using Amqp.Types;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

/// <summary>A client that says exactly what a test wants, frame by frame.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private NetworkStream _stream = null!;

    public static ReadOnlyMemory<byte> Header => "AMQP\0\x01\0\0"u8.ToArray();

    public static async Task<RawClient> ConnectAsync(TestEndpoint endpoint)
    {
        // Without it a process that made any frame of the library yet would not know the protocol's types.
        _ = new Open();
        var client = new RawClient();
        await client._client.ConnectAsync("127.0.0.1", endpoint.Port, TestContext.Current.CancellationToken);
        client._stream = client._client.GetStream();
        return client;
    }

    /// <summary>Connects, opens and begins a session, and shows a token for a queue.</summary>
    public static async Task<RawClient> OpenAsync(TestEndpoint endpoint, uint maxFrameSize = 64 * 1024, uint window = 1000)
    {
        var client = await ConnectAsync(endpoint);
        await client.WriteAsync("AMQP\x03\x01\0\0"u8.ToArray());
        var password = $"\0{TestEndpoint.KeyName}\0{TestEndpoint.Key}";
        await client.SendAsync(
            new SaslInit { Mechanism = "PLAIN", InitialResponse = System.Text.Encoding.UTF8.GetBytes(password) }, type: 1);
        await client.WriteAsync(Header);
        await client.SendAsync(new Open { ContainerId = "raw", MaxFrameSize = maxFrameSize });
        await client.SendAsync(new Begin { NextOutgoingId = 0, IncomingWindow = window, OutgoingWindow = window });
        await client.ReadBytesAsync(8);
        await client.ReadAsync<SaslMechanisms>();
        await client.ReadAsync<SaslOutcome>();
        await client.ReadBytesAsync(8);
        await client.ReadAsync<Open>();
        await client.ReadAsync<Begin>();
        return client;
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, TestContext.Current.CancellationToken);

    public Task SendAsync(DescribedList performative, byte[]? payload = null, byte type = 0)
    {
        var body = new ByteBuffer(256, autoGrow: true);
        performative.Encode(body);
        return FrameAsync([.. body.Buffer.AsSpan(body.Offset, body.Length), .. payload ?? []], type);
    }

    /// <summary>Sends a frame with any body.</summary>
    public Task FrameAsync(byte[] body, byte type = 0)
    {
        var frame = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length);
        frame[4] = 2;
        frame[5] = type;
        body.CopyTo(frame, 8);
        return WriteAsync(frame);
    }

    /// <summary>The next frame that is not a sign of life, which must be a <typeparamref name="T"/>.</summary>
    public async Task<T> ReadAsync<T>()
        where T : DescribedList
    {
        var (performative, _) = await ReadFrameAsync();
        return Assert.IsType<T>(performative);
    }

    /// <summary>The next frame with its payload.</summary>
    public async Task<(DescribedList Performative, byte[] Payload)> ReadFrameAsync()
    {
        while (true)
        {
            var header = await ReadBytesAsync(8);
            var body = await ReadBytesAsync(BinaryPrimitives.ReadInt32BigEndian(header) - 8);
            if (body.Length > 0)
            {
                var buffer = new ByteBuffer(body, 0, body.Length, body.Length);
                var performative = (DescribedList)Encoder.ReadObject(buffer);
                return (performative, body[buffer.Offset..]);
            }
        }
    }

    public async Task<byte[]> ReadBytesAsync(int count)
    {
        var bytes = new byte[count];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        await _stream.ReadExactlyAsync(bytes, limit.Token);
        return bytes;
    }

    /// <summary>Waits until the endpoint closes the connection.</summary>
    public async Task AssertClosedAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var bytes = new byte[4096];
        try
        {
            while (await _stream.ReadAsync(bytes, limit.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset: closed too.
        }
    }

    /// <summary>Goes without a word.</summary>
    public void Dispose() => _client.Dispose();
}
