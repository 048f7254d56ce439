using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support.Webhooks;

namespace ModelJobs.Functions.Tests.Notify;

/// <summary>Calls to a receiver over HTTP on this machine, which stands for one of the internet where addresses are checked.</summary>
public sealed class WebhookSenderTests
{
    private const string Secret = WebhookSignatureTests.Secret;
    private const string Body = """{"type":"job.succeeded","text":"ö"}""";
    private static readonly IPAddress Public = IPAddress.Parse("93.184.215.14");
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);
    private readonly List<IPAddress[]> _connected = [];
    private readonly List<string> _lookedUp = [];
    private long _read;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PostAsync_Receiver_GetsTheBodySignedAndNothingElse()
    {
        await using var receiver = await WebhookReceiver.StartAsync(204);
        using var sender = Sender(Local(receiver), settings => settings.Secret = $"{WebhookSignatureTests.NextSecret} {Secret}");
        using var trace = new Activity("the app's own").AddBaggage("job", "internal").Start();

        var answer = await PostAsync(sender);

        Assert.Equal(new WebhookAnswer(HttpStatusCode.NoContent), answer);
        var call = Assert.Single(receiver.Calls);
        Assert.Equal(("/hook?token=t", Body, "id-1", Now.ToUnixTimeSeconds()), (call.Path, Encoding.UTF8.GetString(call.Body), call.Id, call.Timestamp));
        Assert.Equal(
            ["content-length", "content-type", "host", "user-agent", "webhook-id", "webhook-signature", "webhook-timestamp"],
            call.Headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("application/json", call.Headers["content-type"]);
        Assert.True(call.IsSignedWith(Secret) && call.IsSignedWith(WebhookSignatureTests.NextSecret));
        Assert.False(call.IsSignedWith("whsec_" + Convert.ToBase64String(new byte[32])));
        Assert.False((call with { Body = [.. call.Body, (byte)' '] }).IsSignedWith(Secret));
        Assert.False(call.IsSignedWith(Secret, Now.AddMinutes(6)));
    }

    [Fact]
    public async Task PostAsync_Redirect_IsNotFollowed()
    {
        await using var other = await WebhookReceiver.StartAsync(200);
        await using var receiver = await WebhookReceiver.StartAsync((context, _) =>
        {
            context.Response.Redirect(other.Url, permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        });
        using var sender = Sender(Local(receiver));

        Assert.Equal(HttpStatusCode.TemporaryRedirect, (await PostAsync(sender)).Status);

        Assert.Empty(other.Calls);
    }

    [Fact]
    public async Task PostAsync_Cookies_AreNotKept()
    {
        await using var receiver = await WebhookReceiver.StartAsync((context, _) =>
        {
            context.Response.Cookies.Append("track", "me");
            return Task.CompletedTask;
        });
        using var sender = Sender(Local(receiver));

        await PostAsync(sender);
        await PostAsync(sender);

        Assert.All(receiver.Calls, call => Assert.DoesNotContain("cookie", call.Headers.Keys));
    }

    [Fact]
    public async Task PostAsync_ReceiverDoesNotAnswer_EndsWithItsTime()
    {
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await WebhookReceiver.StartAsync((_, _) => hangs.Task);
        using var sender = Sender(Local(receiver));

        var call = PostAsync(sender);
        await receiver.WaitAsync(1);
        _time.Advance(WebhookSender.MaxCall - TimeSpan.FromMilliseconds(1));
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(new WebhookAnswer(null, WebhookSender.TimedOut), await call);
        hangs.SetResult();
    }

    [Fact]
    public async Task PostAsync_EndlessBody_IsNotRead()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await WebhookReceiver.StartAsync(async (context, _) =>
        {
            context.RequestAborted.Register(ended.SetResult);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[64 * 1024], context.RequestAborted);
            }
        });
        using var sender = Sender(Local(receiver));

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(sender)).Status);

        // The connection is closed instead, before more was read than comes with the head.
        await ended.Task.BoundedAsync();
        Assert.InRange(_read, 1, 64 * 1024);
    }

    [Fact]
    public async Task PostAsync_HugeHead_IsRefused()
    {
        await using var receiver = await WebhookReceiver.StartAsync((context, _) =>
        {
            context.Response.Headers["x-huge"] = new string('x', 64 * 1024);
            return Task.CompletedTask;
        });
        using var sender = Sender(Local(receiver));

        Assert.Equal((null, WebhookSender.BadAnswer), Outcome(await PostAsync(sender)));
    }

    [Theory]
    [InlineData("120", 120)]
    [InlineData("Tue, 01 Jan 2030 00:10:00 GMT", 600)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public async Task PostAsync_RetryAfter_IsReadInBothForms(string? header, int? seconds)
    {
        await using var receiver = await WebhookReceiver.StartAsync((context, _) =>
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = header;
            return Task.CompletedTask;
        });
        using var sender = Sender(Local(receiver));

        var answer = await PostAsync(sender);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, seconds), (answer.Status, (int?)answer.RetryAfter?.TotalSeconds));
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("192.168.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("168.63.129.16")]
    [InlineData("224.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    public async Task PostAsync_NameStandsForAPrivateAddress_ConnectsToNothing(string address)
    {
        using var sender = Sender(new WebhookConnection(
            new WebhookSettings(), (_, _) => Task.FromResult<IPAddress[]>([Public, IPAddress.Parse(address)]), NoConnection));

        var answer = await PostAsync(sender);

        Assert.Equal((null, WebhookSender.Unreachable), Outcome(answer));
        Assert.Contains("not public", answer.Detail, StringComparison.Ordinal);
        Assert.Empty(_connected);
    }

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    public async Task PostAsync_PrivateLiteral_ConnectsToNothing(string url)
    {
        using var sender = Sender(new WebhookConnection(new WebhookSettings(), FindNothing, NoConnection));

        Assert.Equal((null, WebhookSender.Unreachable), Outcome(await PostAsync(sender, url)));
        Assert.Empty(_connected);
    }

    [Fact]
    public async Task PostAsync_NameStandsForSomethingElseAMomentLater_ConnectsToWhatWasChecked()
    {
        await using var receiver = await WebhookReceiver.StartAsync(200);
        using var sender = Sender(new WebhookConnection(
            new WebhookSettings(),
            (host, _) =>
            {
                _lookedUp.Add(host);
                return Task.FromResult<IPAddress[]>([_lookedUp.Count == 1 ? Public : IPAddress.Loopback]);
            },
            (addresses, _, cancellationToken) => ConnectAsync(receiver, addresses, cancellationToken)));

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(sender)).Status);

        Assert.Equal(["hooks.example.org"], _lookedUp);
        Assert.Equal([Public], Assert.Single(_connected));
    }

    [Fact]
    public async Task PostAsync_NewConnection_IsCheckedAnew()
    {
        await using var receiver = await WebhookReceiver.StartAsync((context, _) =>
        {
            context.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        });
        using var sender = Sender(new WebhookConnection(
            new WebhookSettings(),
            (host, _) =>
            {
                _lookedUp.Add(host);
                return Task.FromResult<IPAddress[]>([_lookedUp.Count == 1 ? Public : IPAddress.Loopback]);
            },
            (addresses, _, cancellationToken) => ConnectAsync(receiver, addresses, cancellationToken)));

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(sender)).Status);
        Assert.Equal((null, WebhookSender.Unreachable), Outcome(await PostAsync(sender)));

        Assert.Single(receiver.Calls);
    }

    [Fact]
    public async Task PostAsync_UnknownName_IsUnreachableWithoutSayingWhy()
    {
        using var sender = Sender(new WebhookConnection(
            new WebhookSettings(), (_, _) => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)), NoConnection));

        Assert.Equal((null, WebhookSender.Unreachable), Outcome(await PostAsync(sender)));
    }

    [Fact]
    public async Task PostAsync_NobodyListens_IsUnreachable()
    {
        int port;
        await using (var receiver = await WebhookReceiver.StartAsync(200))
        {
            port = receiver.Port;
        }

        using var sender = Sender(new WebhookConnection(new WebhookSettings { AllowPrivateAddresses = true }));

        Assert.Equal((null, WebhookSender.Unreachable), Outcome(await PostAsync(sender, $"http://127.0.0.1:{port}/")));
    }

    [Fact]
    public async Task PostAsync_NoTlsBehindHttps_IsToldApart()
    {
        await using var receiver = await WebhookReceiver.StartAsync(200);
        using var sender = Sender(new WebhookConnection(new WebhookSettings { AllowPrivateAddresses = true }));

        Assert.Equal((null, WebhookSender.TlsFailed), Outcome(await PostAsync(sender, $"https://localhost:{receiver.Port}/")));
    }

    [Fact]
    public async Task PostAsync_IsCanceled_Throws()
    {
        using var sender = Sender(new WebhookConnection(new WebhookSettings(), FindNothing, NoConnection));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => sender.PostAsync(new Uri("http://example.org/"), "id-1", Body, new CancellationToken(canceled: true)));
    }

    private static (HttpStatusCode?, string?) Outcome(WebhookAnswer answer) => (answer.Status, answer.Error);

    /// <summary>A connection whose every name stands for a public address, and that ends at the receiver.</summary>
    private WebhookConnection Local(WebhookReceiver receiver) => new(
        new WebhookSettings(), (_, _) => Task.FromResult<IPAddress[]>([Public]), (addresses, _, cancellationToken) => ConnectAsync(receiver, addresses, cancellationToken));

    private async Task<Stream> ConnectAsync(WebhookReceiver receiver, IPAddress[] addresses, CancellationToken cancellationToken)
    {
        _connected.Add(addresses);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, receiver.Port, cancellationToken);
        return new CountingStream(socket, this);
    }

    private Task<Stream> NoConnection(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        _connected.Add(addresses);
        return Task.FromException<Stream>(new SocketException((int)SocketError.ConnectionRefused));
    }

    private static Task<IPAddress[]> FindNothing(string host, CancellationToken cancellationToken) => Task.FromResult<IPAddress[]>([]);

    private WebhookSender Sender(WebhookConnection connection, Action<WebhookSettings>? change = null)
    {
        var settings = new WebhookSettings { Secret = Secret };
        change?.Invoke(settings);
        return new WebhookSender(settings, connection, _time);
    }

    private static Task<WebhookAnswer> PostAsync(WebhookSender sender, string url = "http://hooks.example.org/hook?token=t") =>
        sender.PostAsync(new Uri(url), "id-1", Body, Token).BoundedAsync();

    /// <summary>Counts what is read of a connection.</summary>
    private sealed class CountingStream(Socket socket, WebhookSenderTests test) : NetworkStream(socket, ownsSocket: true)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            Interlocked.Add(ref test._read, read);
            return read;
        }
    }
}
