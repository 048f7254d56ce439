using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.LocalRuntime.Amqp.Hosting;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Tests.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class EndpointTests
{
    [Fact]
    public async Task Start_WithoutAKey_MakesOneForItsOwnerAndKeepsIt()
    {
        using var folder = new AppFolder();
        var first = await ConnectionStringAsync(folder);
        var second = await ConnectionStringAsync(folder);

        Assert.Equal(Part(first, "SharedAccessKey="), Part(second, "SharedAccessKey="));
        Assert.Equal(44, Part(first, "SharedAccessKey=").Length);
        Assert.EndsWith(";UseDevelopmentEmulator=true;", first, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Path, "amqp.key")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Path, "amqp.pem.key")));
        }
    }

    [Theory]
    [InlineData("SAS_KEY_VALUE", "127.0.0.1", null)]
    [InlineData("SAS_KEY_VALUE", "*", "at least 32 characters")]
    [InlineData("0123456789abcdef0123456789abcdef", "*", null)]
    [InlineData("a;b", "localhost", "semicolon")]
    [InlineData("x", "nonsense", "AmqpHost")]
    public async Task Start_WithAKey_TakesItIfItIsLongEnoughForWhoCanReachIt(string key, string host, string? refusal)
    {
        using var folder = new AppFolder();
        var starting = ConnectionStringAsync(folder, options => options with { AmqpKey = key, AmqpHost = host });

        if (refusal is null)
        {
            Assert.Equal(key, Part(await starting, "SharedAccessKey="));
        }
        else
        {
            Assert.Contains(refusal, (await Assert.ThrowsAsync<LocalRuntimeException>(() => starting)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Start_OnAPortInUse_SaysWhatToDo()
    {
        using var folder = new AppFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var refusal = await Assert.ThrowsAsync<LocalRuntimeException>(
            () => ConnectionStringAsync(folder, options => options with { AmqpPort = port }));

        Assert.Contains($"Port {port}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--amqp-port", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_OnTheSamePort_SpeaksAmqpToWhoTrustsTheCertificate()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync("localhost", endpoint.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = TrustOf(endpoint) }, TestContext.Current.CancellationToken);

        await tls.WriteAsync(RawClient.Header, TestContext.Current.CancellationToken);

        await AssertAnsweredAsync(tls);
    }

    [Theory]
    [InlineData("amqp", "ws", "")]
    [InlineData("AMQPWSB10", "wss", "/")]
    public async Task WebSocket_OnTheSamePort_SpeaksAmqp(string subProtocol, string scheme, string slash)
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(subProtocol);
        using var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = TrustOf(endpoint) } };
        using var invoker = new HttpMessageInvoker(handler);
        await socket.ConnectAsync(
            new Uri($"{scheme}://localhost:{endpoint.Port}/$servicebus/websocket{slash}"), invoker, TestContext.Current.CancellationToken);
        await using var stream = WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: false);

        await stream.WriteAsync(RawClient.Header, TestContext.Current.CancellationToken);

        Assert.Equal(subProtocol, socket.SubProtocol);
        await AssertAnsweredAsync(stream);
    }

    [Fact]
    public async Task Http_ToAnythingElse_IsNotAnswered()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var http = new HttpClient();
        using var other = await http.GetAsync(new Uri($"http://localhost:{endpoint.Port}/api/jobs"), TestContext.Current.CancellationToken);
        using var plain = await http.GetAsync(new Uri($"http://localhost:{endpoint.Port}/$servicebus/websocket"), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.BadRequest), (other.StatusCode, plain.StatusCode));
    }

    private static X509ChainPolicy TrustOf(TestEndpoint endpoint)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(endpoint.Certificate));
        policy.VerificationTime = endpoint.Time.GetUtcNow().UtcDateTime;
        policy.VerificationTimeIgnored = false;
        return policy;
    }

    private static async Task AssertAnsweredAsync(Stream stream)
    {
        var answer = new byte[8];
        await stream.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        Assert.Equal(RawClient.Header.ToArray(), answer);
    }

    private static string Part(string connectionString, string name)
        => connectionString.Split(';').Single(part => part.StartsWith(name, StringComparison.Ordinal))[name.Length..];

    /// <summary>Starts an endpoint on a free port, stops it again and says how it was to be reached.</summary>
    private static async Task<string> ConnectionStringAsync(AppFolder folder, Func<LocalRuntimeOptions, LocalRuntimeOptions>? change = null)
    {
        using var broker = new MessageBroker([], TimeProvider.System, new Random(1));
        var options = new LocalRuntimeOptions { AppRoot = folder.Path, DataFolder = folder.Path, AmqpPort = 0 };
        var address = new LocalRuntimeAddress();
        await using var endpoint = new AmqpEndpoint(
            change?.Invoke(options) ?? options, address, broker, TimeProvider.System, NullLoggerFactory.Instance);
        await endpoint.StartAsync(TestContext.Current.CancellationToken);
        await endpoint.StopAsync(TestContext.Current.CancellationToken);
        return address.ServiceBusConnectionString!;
    }
}
