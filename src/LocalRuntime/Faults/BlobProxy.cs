using System.Data.Common;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace ModelJobs.LocalRuntime.Faults;

/// <summary>
/// Stands between the app and its storage emulator and strikes blob requests on their way. The app is led here by its connection string. An account that
/// is reached over TLS is left alone.
/// </summary>
internal sealed partial class BlobProxy(FaultInjector faults, ILogger<BlobProxy> logger) : IAsyncDisposable
{
    private const string BlobEndpoint = "BlobEndpoint";

    private readonly List<WebApplication> _servers = [];
    private readonly List<HttpMessageInvoker> _invokers = [];

    /// <summary>Leads the settings that name a blob endpoint without TLS through a proxy each.</summary>
    /// <param name="configuration">The app's configuration; the settings are changed in it.</param>
    /// <param name="settings">Names of settings that may hold connection strings.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public async Task StartAsync(IConfiguration configuration, IEnumerable<string> settings, CancellationToken cancellationToken)
    {
        foreach (var setting in settings)
        {
            if (EndpointOf(configuration[setting]) is not { } endpoint)
            {
                LogNotProxied(setting);
                continue;
            }

            var proxy = await StartAsync(endpoint, cancellationToken);
            // Only the endpoint is changed: the builder would quote the key, which the storage client does not understand.
            configuration[setting] = configuration[setting]?.Replace(
                $"{BlobEndpoint}={endpoint.OriginalString}", $"{BlobEndpoint}={new Uri(proxy, endpoint.AbsolutePath)}", StringComparison.OrdinalIgnoreCase);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        _invokers.ForEach(static invoker => invoker.Dispose());
    }

    private static Uri? EndpointOf(string? connectionString)
    {
        try
        {
            var connection = new DbConnectionStringBuilder { ConnectionString = connectionString };
            return connection.TryGetValue(BlobEndpoint, out var value) && Uri.TryCreate(value as string, UriKind.Absolute, out var endpoint)
                && endpoint.Scheme == Uri.UriSchemeHttp ? endpoint : null;
        }
        catch (ArgumentException)
        {
            // Whoever uses the setting says what is wrong with it.
            return null;
        }
    }

    private async Task<Uri> StartAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static server =>
        {
            server.Listen(IPAddress.Loopback, 0);
            server.Limits.MaxRequestBodySize = null;
            server.Limits.MinRequestBodyDataRate = null;
        });
        builder.Services.AddHttpForwarder();
        var server = builder.Build();
        _servers.Add(server);

        var forwarder = server.Services.GetRequiredService<IHttpForwarder>();
        var invoker = new HttpMessageInvoker(new BlobFaults(faults)
        {
            InnerHandler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false },
        });
        _invokers.Add(invoker);
        var destination = endpoint.GetLeftPart(UriPartial.Authority);
        server.Run(http => ForwardAsync(forwarder, http, destination, invoker));
        await server.StartAsync(cancellationToken);
        return new Uri(server.Urls.First());
    }

    private static async Task ForwardAsync(IHttpForwarder forwarder, HttpContext http, string destination, HttpMessageInvoker invoker)
    {
        if (await forwarder.SendAsync(http, destination, invoker) != ForwarderError.None)
        {
            // What the emulator would do, or a fault that wants the connection reset: no answer that could be taken for one of storage.
            http.Abort();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Setting} does not name a storage emulator: its blob requests are not struck by faults")]
    private partial void LogNotProxied(string setting);
}
