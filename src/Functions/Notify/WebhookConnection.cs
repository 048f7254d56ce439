using System.Net;
using System.Net.Sockets;

namespace ModelJobs.Functions.Notify;

/// <summary>Looks a host's addresses up.</summary>
internal delegate Task<IPAddress[]> FindAddresses(string host, CancellationToken cancellationToken);

/// <summary>Connects to the first of some addresses that answers.</summary>
internal delegate Task<Stream> ConnectTo(IPAddress[] addresses, int port, CancellationToken cancellationToken);

/// <summary>
/// Connects to receivers, and to public addresses only. A name is looked up once for each connection, all that it stands for is checked, and
/// the connection is made to what was checked: a name that stands for something else a moment later (DNS rebinding) changes nothing.
/// </summary>
internal sealed class WebhookConnection(WebhookSettings settings, FindAddresses find, ConnectTo connect)
{
    /// <summary>With the system's resolver and sockets.</summary>
    public WebhookConnection(WebhookSettings settings)
        : this(settings, Dns.GetHostAddressesAsync, SocketAsync)
    {
    }

    /// <summary>Opens a connection, before TLS: what <see cref="SocketsHttpHandler.ConnectCallback"/> asks for.</summary>
    /// <exception cref="AddressRefusedException">Not every address of the host is public.</exception>
    public async ValueTask<Stream> OpenAsync(DnsEndPoint endpoint, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(endpoint.Host, out var literal) ? [literal] : await find(endpoint.Host, cancellationToken);
        return settings.AllowPrivateAddresses || Array.TrueForAll(addresses, PublicAddress.Is)
            ? await connect(addresses, endpoint.Port, cancellationToken)
            : throw new AddressRefusedException();
    }

    private static async Task<Stream> SocketAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A receiver's name stands for an address that is not public.</summary>
#pragma warning disable CA1032 // It has one message.
internal sealed class AddressRefusedException() : IOException("An address of the host is not public, so nothing was connected to.");
#pragma warning restore CA1032
