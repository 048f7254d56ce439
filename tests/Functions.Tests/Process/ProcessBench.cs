using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>Sends chunks, hands them to their functions as the trigger does, and looks at what they answer.</summary>
internal sealed class ProcessBench : IDisposable
{
    public const int Lane = 7;

    private readonly FlowBench _bench;
    private readonly ModelCatalog _models;
    private readonly StubModel _model = new();
    private readonly ChunkRunner _runner;

    public ProcessBench(FlowBench bench)
    {
        _bench = bench;
        _models = new ModelCatalog(
            new ConfigurationBuilder().AddInMemoryCollection([new("Models:model:Runner", "stub")]).Build(), [new RunnerKind("stub", _ => _model)]);
        _runner = new ChunkRunner(_models, bench.Settings, bench.Time, new Random(1), NullLogger<ChunkRunner>.Instance);
        Items = new ChunkItems(bench.Blobs);
    }

    public ChunkItems Items { get; }

    /// <summary>The ids of the items that the model ran on, in order.</summary>
    public List<string> Ran => _model.Ran;

    /// <summary>What the model answers; succeeds unless set.</summary>
    public Func<ChunkItem, ItemOutcome> Answer
    {
        set => _model.Answer = value;
    }

    /// <summary>What happens when the model runs, before it answers.</summary>
    public Func<Task> WhileRunning
    {
        set => _model.WhileRunning = value;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A chunk of so many items; its number in the page is one less than its sequence in the lane.</summary>
    public static ChunkMessage Chunk(int number = 0, bool inLane = false, bool last = false, params IReadOnlyList<ChunkItem> items) => new()
    {
        Id = Samples.Chunk(number),
        Model = "model",
        ItemCount = items.Count,
        Items = items,
        Lane = inLane ? new LanePlace(Lane, number + 1, last, ByKey: true) : null,
    };

    /// <summary>A chunk of the lane, with one item of one key.</summary>
    public static ChunkMessage LaneChunk(int sequence, bool last = false) =>
        Chunk(sequence - 1, inLane: true, last, Samples.Item(sequence - 1, key: "k"));

    /// <summary>Sends a chunk as DispatchPage does.</summary>
    public Task SendAsync(ChunkMessage chunk) => _bench.Chunks.SendAsync(
        ChunkSender.Message(chunk.Id, chunk.Lane?.Number, JsonSerializer.SerializeToUtf8Bytes(chunk, ContractsJson.Wire.ChunkMessage)), Token);

    /// <summary>Hands the next message of <c>chunks</c> to ProcessChunk.</summary>
    public async Task ProcessAsync()
    {
        await using var receiver = _bench.Client.CreateReceiver(Queues.Chunks);
        await new ProcessChunk(Items, _runner, _bench.Results)
            .Run(await ReceiveAsync(receiver), new ServiceBusMessageActions(receiver), Token).BoundedAsync();
    }

    /// <summary>Takes the lane's session and hands its next messages to ProcessOrderedChunk, one after another.</summary>
    /// <returns>Whether the function let go of the session with the last one.</returns>
    public async Task<bool> ProcessLaneAsync(int messages = 1, ServiceBusMessageActions? actions = null)
    {
        await using var session = await AcceptLaneAsync();
        var process = new ProcessOrderedChunk(Items, _runner, _bench.Results, _bench.Chunks, _bench.Settings, _bench.Time);
        var released = false;
        for (var i = 0; i < messages; i++)
        {
            var sessionActions = new ServiceBusSessionMessageActions(session);
            await process.Run(await ReceiveAsync(session), actions ?? new ServiceBusMessageActions(session), sessionActions, Token).BoundedAsync();
            released = sessionActions.IsReleaseRequested;
        }

        return released;
    }

    /// <summary>How far the lane says that it has come.</summary>
    public async Task<long> FinishedAsync()
    {
        await using var session = await AcceptLaneAsync();
        return LaneState.Read(await session.GetSessionStateAsync(Token)).Finished;
    }

    /// <summary>The answers that were sent.</summary>
    public async Task<List<ResultMessage>> AnswersAsync() =>
    [
        .. (await _bench.PeekAsync(Queues.Results))
            .Select(message => JsonSerializer.Deserialize(message.Body, ContractsJson.Wire.ResultMessage)!),
    ];

    public void Dispose() => _models.Dispose();

    private Task<ServiceBusSessionReceiver> AcceptLaneAsync() =>
        _bench.Client.AcceptSessionAsync(Queues.OrderedChunks, Queues.LaneSession(FlowBench.Job, Lane), cancellationToken: Token);

    private static async Task<ServiceBusReceivedMessage> ReceiveAsync(ServiceBusReceiver receiver) =>
        await receiver.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync() ?? throw new InvalidOperationException("There is no message.");

    private sealed class StubModel : IModelRunner
    {
        public List<string> Ran { get; } = [];

        public Func<ChunkItem, ItemOutcome> Answer { get; set; } = _ => ItemOutcome.Succeeded(JsonSerializer.SerializeToElement("ok"));

        public Func<Task> WhileRunning { get; set; } = () => Task.CompletedTask;

        public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
        {
            await WhileRunning();
            Ran.AddRange(items.Select(call => call.Item.Id));
            return [.. items.Select(call => Answer(call.Item))];
        }
    }
}
