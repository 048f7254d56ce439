using Azure.Messaging.ServiceBus;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Telemetry;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.Functions.Tests.Support;

/// <summary>What a step of the flow stands on: queues of its own on a fake clock, and a container of its own in the storage emulator.</summary>
internal sealed class FlowBench : IAsyncDisposable
{
    /// <summary>The job of all tests; each has a namespace and a container of its own.</summary>
    public const string Job = "job-0123456789abcdef0123456789abcdef";

    private const int LooksPerLongStep = 4;
    private static readonly TimeSpan LongStep = TimeSpan.FromSeconds(1);
    private static int _benches;
    private readonly MessageBroker _broker;
    private readonly IDisposable _registration;

    private FlowBench(string name, string storage)
    {
        Settings = new JobSettings { Container = name };
        _broker = new MessageBroker(ServiceBusConfig.Read(Path.Combine(AppContext.BaseDirectory, "infra", "servicebus.json")), Time, new Random(1));
        _registration = BrokerDirectory.Register(name, _broker);
        Client = new ServiceBusClient($"Endpoint=sb://{name}");
        Blobs = new JobBlobs(new BlobServiceClient(storage), Settings);
        Inputs = new RecentInputs(Blobs, Settings);
        Messaging = new MessagingMetrics(new Meters());
        Chunks = new ChunkSender(Sender(Queues.Chunks), Sender(Queues.ExpressChunks), Sender(Queues.OrderedChunks), Sender(Queues.ExternalChunks));
        Results = new ResultSender(Sender(Queues.Results), Blobs);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public JobSettings Settings { get; }

    /// <summary>Heard by whoever listens to its meters.</summary>
    public JobMetrics Metrics { get; } = new(new Meters());

    public MessagingMetrics Messaging { get; }

    public ServiceBusClient Client { get; }

    public JobBlobs Blobs { get; }

    public RecentInputs Inputs { get; }

    public ChunkSender Chunks { get; }

    public ResultSender Results { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<FlowBench> CreateAsync(string storage)
    {
        var bench = new FlowBench($"bench-{Interlocked.Increment(ref _benches)}", storage);
        await bench.Blobs.EnsureContainerAsync(Token);
        return bench;
    }

    /// <summary>A sender to a queue.</summary>
    public QueueSender Sender(string queue) => new(Client.CreateSender(queue), Messaging);

    /// <summary>All messages of a queue, whatever their state; a queue's name may end in <see cref="Queues.DeadLetter"/>.</summary>
    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> PeekAsync(string queue)
    {
        await using var receiver = Client.CreateReceiver(queue);
        return await receiver.PeekMessagesAsync(BrokerLimits.MaxPeekedMessages, cancellationToken: Token);
    }

    /// <summary>The message ids of a queue.</summary>
    public async Task<IReadOnlyList<string>> PeekIdsAsync(string queue) => [.. (await PeekAsync(queue)).Select(message => message.MessageId)];

    /// <summary>Sends a message by itself.</summary>
    public async Task SendAsync(string queue, ServiceBusMessage message)
    {
        await using var sender = Client.CreateSender(queue);
        await sender.SendMessageAsync(message, Token);
    }

    /// <summary>Takes all messages out of a queue.</summary>
    public async Task DrainAsync(string queue)
    {
        await using var receiver = Client.CreateReceiver(queue, new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        while ((await PeekAsync(queue)).Count > 0)
        {
            await receiver.ReceiveMessagesAsync(BrokerLimits.MaxPeekedMessages, cancellationToken: Token).BoundedAsync();
        }
    }

    /// <summary>Stores a blob.</summary>
    public async Task StoreAsync(string blob, ReadOnlyMemory<byte> content)
    {
        using var stream = BinaryData.FromBytes(content).ToStream();
        await Blobs.Blob(blob).UploadAsync(stream, new BlobUploadOptions(), Token);
    }

    /// <summary>A blob as text.</summary>
    public async Task<string> ReadTextAsync(string blob) => (await Blobs.Blob(blob).DownloadContentAsync(Token)).Value.Content.ToString();

    /// <summary>Names of the job's blobs below a prefix.</summary>
    public async Task<List<string>> ListAsync(string prefix) =>
        await Blobs.ListAsync(prefix, Token).Select(blob => blob.Name).ToListAsync(Token);

    /// <summary>Moves the clock, step after step, until a task ends.</summary>
    public async Task AdvanceUntilAsync(Task task, TimeSpan step)
    {
        for (var steps = 0; !task.IsCompleted && steps < 10_000; steps++)
        {
            Time.Advance(step);
            // What the clock has started may have to go through storage, which takes real time; before too many long steps, locks would end.
            for (var looks = step < LongStep ? 1 : LooksPerLongStep; looks > 0 && !task.IsCompleted; looks--)
            {
                await Task.WhenAny(task, Blobs.Blob("none").ExistsAsync(Token));
            }
        }

        await task.BoundedAsync();
    }

    /// <summary>Waits, in real time, until something is so.</summary>
    public async Task WaitForAsync(Func<Task<bool>> condition)
    {
        for (var looks = 0; looks < 10_000; looks++)
        {
            if (await condition())
            {
                return;
            }

            await Blobs.Blob("none").ExistsAsync(Token);
        }

        throw new TimeoutException("It does not come to pass.");
    }

    public async ValueTask DisposeAsync()
    {
        _registration.Dispose();
        _broker.Dispose();
        Blobs.Dispose();
        await Client.DisposeAsync();
    }
}
