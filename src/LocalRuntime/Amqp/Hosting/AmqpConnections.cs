using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace ModelJobs.LocalRuntime.Amqp.Hosting;

/// <summary>The connections of an endpoint, whatever their bytes come over.</summary>
internal sealed class AmqpConnections(AmqpServices services) : IDisposable
{
    /// <summary>Where the service's clients open their WebSockets; some add a slash.</summary>
    public const string WebSocketPath = "/$servicebus/websocket";

    /// <summary>The protocol's own name, and the one that the service's clients use.</summary>
    private static readonly string[] SubProtocols = ["amqp", "AMQPWSB10"];

    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Ends all connections, politely.</summary>
    public void Stop() => _stopping.Cancel();

    /// <summary>Serves a client on a socket of its own, until it is gone.</summary>
    public async Task RunAsync(ConnectionContext client)
    {
        using var connection = new AmqpConnection(client.Transport, services, () => client.Abort());
        await connection.RunAsync(_stopping.Token).ConfigureAwait(false);
    }

    /// <summary>Serves a client on a WebSocket, until it is gone.</summary>
    public async Task RunWebSocketAsync(HttpContext context)
    {
        var subProtocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(
            static asked => SubProtocols.Contains(asked, StringComparer.OrdinalIgnoreCase));
        if (subProtocol is null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync($"This is AMQP 1.0 over WebSocket, with the subprotocol {SubProtocols[0]}.", context.RequestAborted);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(subProtocol).ConfigureAwait(false);
        await using var stream = WebSocketStream.Create(socket, WebSocketMessageType.Binary, AmqpLimits.CloseTimeout);
        var transport = new StreamTransport(stream);
        using var connection = new AmqpConnection(transport, services, context.Abort);
        await connection.RunAsync(_stopping.Token).ConfigureAwait(false);
    }

    public void Dispose() => _stopping.Dispose();

    private sealed class StreamTransport(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(stream);

        public PipeWriter Output { get; } = PipeWriter.Create(stream);
    }
}
