using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Amqp.Security;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Amqp.Hosting;

/// <summary>
/// The queues for clients of AMQP 1.0, on a port of its own: plain, over TLS or over WebSocket, whichever a client begins to speak. It
/// starts after the queues and stops before them.
/// </summary>
internal sealed partial class AmqpEndpoint : IHostedService, IAsyncDisposable
{
    private readonly LocalRuntimeOptions _options;
    private readonly LocalRuntimeAddress _address;
    private readonly MessageBroker _broker;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private WebApplication? _server;

    public AmqpEndpoint(
        LocalRuntimeOptions options, LocalRuntimeAddress address, MessageBroker broker, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _address = address;
        _broker = broker;
        _time = time;
        _loggers = loggers;
        _logger = loggers.CreateLogger<AmqpEndpoint>();
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.AmqpPort is not { } port)
        {
            return;
        }

        var host = ListenAddress.Parse(_options.AmqpHost, nameof(LocalRuntimeOptions.AmqpHost));
        var key = EndpointKey.Find(_options, isLocal: IPAddress.IsLoopback(host));
        var certificate = EndpointCertificate.Find(_options.DataFolder, _time);
        var services = new AmqpServices(
            _broker, new SharedAccessKey(EndpointKey.Name, key, _time), _time, _loggers.CreateLogger<AmqpConnection>(), "modeljobs", _options.AmqpSessionWait);
        var connections = new AmqpConnections(services);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = _options.AppRoot });
        builder.Services.Replace(ServiceDescriptor.Singleton(_loggers));
        builder.Services.AddRouting();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxConcurrentConnections = AmqpLimits.MaxConnections;
            server.Limits.MaxConcurrentUpgradedConnections = AmqpLimits.MaxConnections;
            server.Listen(new IPEndPoint(host, port), listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                ProtocolChoice.Use(
                    listen,
                    tls => tls.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate.Certificate }),
                    connections.RunAsync);
            });
        });
        _server = builder.Build();
        _server.UseWebSockets();
        _server.Map(AmqpConnections.WebSocketPath, connections.RunWebSocketAsync);
        // Connections say goodbye when their token is set, which is when the server begins to stop.
        _server.Lifetime.ApplicationStopping.Register(connections.Stop);
        try
        {
            await _server.StartAsync(cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new LocalRuntimeException(
                $"Port {port} of {_options.AmqpHost}, for AMQP, is in use. Stop the program that has it, or choose another port with --amqp-port " +
                "(LocalRuntime:AmqpPort; 0 takes a free one, and --amqp-port off starts without AMQP).",
                exception);
        }

        var bound = BindingAddress.Parse(
            _server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        _address.ServiceBusConnectionString = ConnectionString(bound.Port, key);
        _address.ServiceBusCertificate = certificate.File;
        LogListening(_logger, _options.AmqpHost, bound.Port);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>In the form of the official emulator's; clients know by it that they need no TLS.</summary>
    private static string ConnectionString(int port, string key) => string.Create(
        CultureInfo.InvariantCulture,
        $"Endpoint=sb://localhost:{port};SharedAccessKeyName={EndpointKey.Name};SharedAccessKey={key};UseDevelopmentEmulator=true;");

    [LoggerMessage(Level = LogLevel.Information, Message = "AMQP 1.0 is served on {Host}, port {Port}")]
    private static partial void LogListening(ILogger logger, string host, int port);
}
