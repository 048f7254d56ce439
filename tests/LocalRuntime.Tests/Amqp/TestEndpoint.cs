using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amqp;
using Amqp.Framing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Amqp.Hosting;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Tests.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

/// <summary>An endpoint on a free port, over queues of its own, under a clock that the test moves. Its clients are another implementation's.</summary>
internal sealed class TestEndpoint : IAsyncDisposable
{
    public const string Key = "a key for tests";
    public const string KeyName = "RootManageSharedAccessKey";

    /// <summary>How long it lets clients wait for a session that do not say how long they want to.</summary>
    public static readonly TimeSpan SessionWait = TimeSpan.FromSeconds(7);

    private readonly AppFolder _folder = new();
    private readonly LocalRuntimeAddress _address = new();
    private readonly AmqpEndpoint _endpoint;
    private readonly List<Connection> _connections = [];

    private TestEndpoint(QueueDefinition[] queues)
    {
        Broker = new MessageBroker(queues, Time, new Random(1));
        var options = new LocalRuntimeOptions { AppRoot = _folder.Path, DataFolder = _folder.Path, AmqpPort = 0, AmqpKey = Key, AmqpSessionWait = SessionWait };
        _endpoint = new AmqpEndpoint(options, _address, Broker, Time, NullLoggerFactory.Instance);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public MessageBroker Broker { get; }

    public int Port => int.Parse(
        _address.ServiceBusConnectionString!.Split(';')[0].Split(':')[^1], NumberStyles.None, CultureInfo.InvariantCulture);

    public string Certificate => _address.ServiceBusCertificate!;

    public static async Task<TestEndpoint> StartAsync(params QueueDefinition[] queues)
    {
        var endpoint = new TestEndpoint(queues.Length > 0 ? queues : [new QueueDefinition { Name = "q" }]);
        await endpoint._endpoint.StartAsync(TestContext.Current.CancellationToken);
        return endpoint;
    }

    /// <summary>Connects as one who has the key.</summary>
    public Task<Connection> ConnectAsync() => ConnectAsync($"amqp://{KeyName}:{Uri.EscapeDataString(Key)}@localhost:{Port}");

    /// <summary>Connects as anyone.</summary>
    public Task<Connection> ConnectAnonymouslyAsync() => ConnectAsync($"amqp://localhost:{Port}");

    public async Task<Session> BeginAsync() => new(await ConnectAsync());

    /// <summary>Stops as the runtime does.</summary>
    public Task StopAsync() => _endpoint.StopAsync(TestContext.Current.CancellationToken);

    /// <summary>A token as the service's clients make them.</summary>
    public string Token(string resource, TimeSpan life, string key = Key)
    {
        var name = WebUtility.UrlEncode(resource);
        var end = (Time.GetUtcNow() + life).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{name}\n{end}"));
        return $"SharedAccessSignature sr={name}&sig={WebUtility.UrlEncode(Convert.ToBase64String(signature))}&se={end}&skn={KeyName}";
    }

    /// <summary>Puts a token.</summary>
    /// <returns>The status of the answer.</returns>
    public static async Task<int> PutTokenAsync(Session session, string token, string type = "servicebus.windows.net:sastoken")
    {
        var answer = await RequestAsync(session, "$cbs", new Message
        {
            BodySection = new AmqpValue { Value = token },
            ApplicationProperties = new ApplicationProperties
            {
                Map = { ["operation"] = "put-token", ["type"] = type, ["name"] = "sb://localhost/q" },
            },
        });
        return (int)answer.ApplicationProperties["status-code"];
    }

    /// <summary>Asks a node and waits for its answer.</summary>
    public static async Task<Message> RequestAsync(Session session, string node, Message request)
    {
        var answers = new ReceiverLink(session, $"answers-{node}", new Attach { Source = new Source { Address = node }, Target = new Target { Address = "me" } }, null);
        var requests = new SenderLink(session, $"requests-{node}", node);
        request.Properties = new Properties { ReplyTo = "me" };
        request.Properties.SetMessageId(17UL);
        await requests.SendAsync(request);
        var answer = await answers.ReceiveAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(17UL, answer.Properties.GetCorrelationId());
        await requests.CloseAsync();
        await answers.CloseAsync();
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            connection.Close(TimeSpan.Zero);
        }

        await _endpoint.StopAsync(CancellationToken.None);
        await _endpoint.DisposeAsync();
        Broker.Dispose();
        _folder.Dispose();
    }

    private async Task<Connection> ConnectAsync(string address)
    {
        var connection = await Connection.Factory.CreateAsync(new Address(address));
        _connections.Add(connection);
        return connection;
    }
}
