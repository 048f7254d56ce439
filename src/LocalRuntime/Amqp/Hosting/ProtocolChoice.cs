using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ModelJobs.LocalRuntime.Amqp.Hosting;

/// <summary>Tells by the first byte what a client speaks: TLS, and in it or without it AMQP, or HTTP for WebSocket.</summary>
internal static class ProtocolChoice
{
    private const byte TlsHandshake = 0x16;
    private static readonly TimeSpan FirstByteTimeout = AmqpLimits.OpenTimeout;

    /// <param name="listen">The port.</param>
    /// <param name="useTls">Adds TLS to the port.</param>
    /// <param name="serveAmqp">Serves a connection that speaks AMQP. What speaks HTTP goes on to the server.</param>
    public static void Use(ListenOptions listen, Action<ListenOptions> useTls, ConnectionDelegate serveAmqp)
    {
        ConnectionDelegate? plain = null;
        listen.Use(encrypted => connection => ChooseAsync(connection, first => first == TlsHandshake ? encrypted : plain!));
        useTls(listen);
        // Built before the one above it, which comes before it when a client does.
        listen.Use(http => plain = connection => ChooseAsync(connection, first => IsMethod(first) ? http : serveAmqp));
    }

    private static async Task ChooseAsync(ConnectionContext connection, Func<byte, ConnectionDelegate> choose)
    {
        var input = connection.Transport.Input;
        ConnectionDelegate? next = null;
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
            timeout.CancelAfter(FirstByteTimeout);
            var read = await input.ReadAsync(timeout.Token);
            if (!read.Buffer.IsEmpty)
            {
                next = choose(read.Buffer.FirstSpan[0]);
            }

            input.AdvanceTo(read.Buffer.Start);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client said nothing.
        }

        if (next is not null)
        {
            await next(connection);
        }
    }

    /// <summary>HTTP begins with a method; AMQP with an A, as no method that is answered here.</summary>
    private static bool IsMethod(byte first) => first is (byte)'G' or (byte)'H' or (byte)'P' or (byte)'O' or (byte)'D' or (byte)'C' or (byte)'T';
}
