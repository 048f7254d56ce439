using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Recover;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>Sends chunks, hands them to their functions as the trigger does, and looks at what they answer.</summary>
internal sealed class ProcessBench : IDisposable
{
    public const int Lane = 7;

    private readonly FlowBench _bench;
    private readonly ModelCatalog _models;
    private readonly StubModel _model = new();
    private readonly BalanceBoard _board;
    private readonly ChunkRunner _runner;
    private readonly Suspects _suspects;
    private readonly RunWatch _watch;

    public ProcessBench(FlowBench bench)
    {
        _bench = bench;
        _models = new ModelCatalog(
            new ConfigurationBuilder().AddInMemoryCollection([new("Models:model:Runner", "stub")]).Build(), [new RunnerKind("stub", _ => _model)]);
        _board = new BalanceBoard(new BalanceEntries(bench.Blobs, bench.Time), bench.Time, NullLogger<BalanceBoard>.Instance);
        _runner = new ChunkRunner(_models, _board, bench.Metrics, bench.Settings, bench.Time, new Random(1), NullLogger<ChunkRunner>.Instance);
        Items = new ChunkItems(bench.Blobs);
        Nodes = new Nodes(bench.Time);
        Controls = new JobControls(bench.Blobs, bench.Time);
        _watch = new RunWatch(Controls, bench.Time);
        _suspects = new Suspects(bench.Blobs);
        Parked = new ParkedQueue(bench.Sender(Queues.Parked));
        Recover = new RecoverDeadLetter(
            Items, _suspects, bench.Results, bench.Chunks, Parked, Controls, bench.Time, NullLogger<RecoverDeadLetter>.Instance);
    }

    public ChunkItems Items { get; }

    /// <summary>The nodes of the instance that the functions run on.</summary>
    public Nodes Nodes { get; }

    public JobControls Controls { get; }

    public RecoverDeadLetter Recover { get; }

    public ParkedQueue Parked { get; }

    /// <summary>The items that the model ran on, with their attempts, in order.</summary>
    public List<ItemCall> Calls => _model.Calls;

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
        set => _model.WhileRunning = _ => value();
    }

    /// <summary>What happens when the model runs, before it answers; told what ends the run.</summary>
    public Func<CancellationToken, Task> UntilEnded
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

    /// <summary>A chunk that was given up before.</summary>
    public static ChunkMessage Suspect(ChunkMessage chunk) =>
        chunk with { History = [new DeliveryRecord(default, "MaxDeliveryCountExceeded", 5, chunk.ItemCount)] };

    /// <summary>Changes the job's control.</summary>
    public Task ControlAsync(Func<JobControl, JobControl?> change) => Controls.ChangeAsync(FlowBench.Job, change, Token);

    /// <summary>Sends a chunk as DispatchPage does.</summary>
    public Task SendAsync(ChunkMessage chunk) => _bench.Chunks.SendAsync(
        ChunkSender.Message(chunk.Id, chunk.Lane?.Number, JsonSerializer.SerializeToUtf8Bytes(chunk, ContractsJson.Wire.ChunkMessage)), Queues.Of(chunk), Token);

    /// <summary>Hands the next message of <c>chunks</c>, or of <c>chunks-express</c>, to its function.</summary>
    public async Task ProcessAsync(string queue = Queues.Chunks)
    {
        await using var receiver = _bench.Client.CreateReceiver(queue);
        await RunAsync(receiver, await ReceiveAsync(receiver), Token);
    }

    /// <summary>Hands the next message of <c>chunks</c> to ProcessChunk, whose worker is killed when its model runs.</summary>
    public async Task KillAsync()
    {
        await using var receiver = _bench.Client.CreateReceiver(Queues.Chunks);
        var message = await ReceiveAsync(receiver);
        using var worker = CancellationTokenSource.CreateLinkedTokenSource(Token);
        WhileRunning = worker.CancelAsync;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(receiver, message, worker.Token));
        WhileRunning = () => Task.CompletedTask;
        await receiver.AbandonMessageAsync(message, cancellationToken: Token);
    }

    /// <summary>Takes the next message of a queue, or of the lane's session, and loses it so many times: what a worker does that is killed.</summary>
    public async Task LoseAsync(string queue = Queues.Chunks, int times = 1)
    {
        await using var receiver = queue == Queues.OrderedChunks ? await AcceptLaneAsync() : _bench.Client.CreateReceiver(queue);
        for (var i = 0; i < times; i++)
        {
            await receiver.AbandonMessageAsync(await ReceiveAsync(receiver), cancellationToken: Token);
        }
    }

    /// <summary>Takes the next message of a queue, or of the lane's session, and dead-letters it.</summary>
    public async Task DeadLetterAsync(string reason, string description = "", string queue = Queues.Chunks)
    {
        await using var receiver = queue == Queues.OrderedChunks ? await AcceptLaneAsync() : _bench.Client.CreateReceiver(queue);
        await receiver.DeadLetterMessageAsync(await ReceiveAsync(receiver), reason, description, Token);
    }

    /// <summary>Kills the worker of the lane's next message when its model comes to an item.</summary>
    public async Task KillInLaneAsync(string at)
    {
        using var worker = CancellationTokenSource.CreateLinkedTokenSource(Token);
        _model.Before = item => item.Id == at ? worker.CancelAsync() : Task.CompletedTask;
        await LoseInLaneAsync(worker.Token);
        _model.Before = null;
    }

    /// <summary>Hands the lane's next message to ProcessOrderedChunk, whose worker is killed meanwhile.</summary>
    public async Task LoseInLaneAsync(CancellationToken worker)
    {
        await using var session = await AcceptLaneAsync();
        var message = await ReceiveAsync(session);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ordered()
            .Run(message, new ServiceBusMessageActions(session), new ServiceBusSessionMessageActions(session), worker).BoundedAsync());
        await session.AbandonMessageAsync(message, cancellationToken: Token);
    }

    /// <summary>Hands chunks to their functions until none is left that is not scheduled, dead letters included.</summary>
    /// <param name="kills">Whether the worker of a chunk is killed, before it has answered anything.</param>
    /// <returns>How often workers were killed.</returns>
    public async Task<int> ProcessAllAsync(Func<ChunkMessage, bool> kills)
    {
        var killed = 0;
        await using var receiver = _bench.Client.CreateReceiver(Queues.Chunks);
        await using var deadLetters = _bench.Client.CreateReceiver(Queues.Chunks + Queues.DeadLetter);
        for (var steps = 0; steps < 10_000; steps++)
        {
            if ((await _bench.PeekAsync(Queues.Chunks + Queues.DeadLetter)).Count > 0)
            {
                await Recover.RecoverChunk(await ReceiveAsync(deadLetters), new ServiceBusMessageActions(deadLetters), Token).BoundedAsync();
            }
            else if ((await _bench.PeekAsync(Queues.Chunks)).Any(message => message.State == ServiceBusMessageState.Active))
            {
                var message = await ReceiveAsync(receiver);
                var isKilled = kills(ChunkItems.Read(message));
                using var worker = CancellationTokenSource.CreateLinkedTokenSource(Token);
                WhileRunning = () => isKilled ? worker.CancelAsync() : Task.CompletedTask;
                try
                {
                    await RunAsync(receiver, message, worker.Token);
                }
                catch (OperationCanceledException) when (isKilled)
                {
                    killed++;
                    await receiver.AbandonMessageAsync(message, cancellationToken: Token);
                }
            }
            else
            {
                return killed;
            }
        }

        throw new InvalidOperationException("It does not end.");
    }

    /// <summary>Hands the next dead letter of a queue to its function.</summary>
    public async Task RecoverAsync(string queue = Queues.Chunks)
    {
        await using var receiver = _bench.Client.CreateReceiver(queue + Queues.DeadLetter);
        var (message, actions) = (await ReceiveAsync(receiver), new ServiceBusMessageActions(receiver));
        await (queue switch
        {
            Queues.Chunks => Recover.RecoverChunk(message, actions, Token),
            Queues.ExpressChunks => Recover.RecoverExpressChunk(message, actions, Token),
            Queues.OrderedChunks => Recover.RecoverOrderedChunk(message, actions, Token),
            _ => Recover.RecoverExternalChunk(message, actions, Token),
        }).BoundedAsync();
    }

    /// <summary>The chunks of a queue.</summary>
    public async Task<List<ChunkMessage>> ChunksAsync(string queue) => [.. (await _bench.PeekAsync(queue)).Select(ChunkItems.Read)];

    /// <summary>Takes the lane's session and hands its next messages to ProcessOrderedChunk, one after another.</summary>
    /// <returns>Whether the function let go of the session with the last one.</returns>
    public async Task<bool> ProcessLaneAsync(int messages = 1, ServiceBusMessageActions? actions = null)
    {
        await using var session = await AcceptLaneAsync();
        var process = Ordered();
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
    public async Task<long> FinishedAsync() => (await StateAsync()).Finished;

    /// <summary>The lane's state.</summary>
    public async Task<LaneState> StateAsync()
    {
        await using var session = await AcceptLaneAsync();
        return LaneState.Read(await session.GetSessionStateAsync(Token));
    }

    /// <summary>The answers that were sent.</summary>
    public async Task<List<ResultMessage>> AnswersAsync() =>
    [
        .. (await _bench.PeekAsync(Queues.Results))
            .Select(message => JsonSerializer.Deserialize(message.Body, ContractsJson.Wire.ResultMessage)!),
    ];

    /// <summary>All results that were sent, by index; of one item in the order in which they were sent.</summary>
    public async Task<List<ItemResult>> ResultsAsync() => [.. (await AnswersAsync()).SelectMany(answer => answer.Results!).OrderBy(result => result.Index)];

    public void Dispose()
    {
        _models.Dispose();
        _board.Dispose();
        _watch.Dispose();
        _suspects.Dispose();
    }

    private Task RunAsync(ServiceBusReceiver receiver, ServiceBusReceivedMessage message, CancellationToken host)
    {
        var process = new ProcessChunk(
            Items, _runner, _suspects, _bench.Results, _bench.Chunks, Controls, _watch, Nodes, _bench.Metrics, _bench.Settings, _bench.Time);
        var actions = new ServiceBusMessageActions(receiver);
        return (receiver.EntityPath == Queues.ExpressChunks ? process.RunExpress(message, actions, host) : process.Run(message, actions, host)).BoundedAsync();
    }

    private ProcessOrderedChunk Ordered() => new(
        Items,
        new LaneTurn(_runner, _suspects, _bench.Results, Parked, Controls, _watch, _bench.Settings),
        _bench.Results,
        _bench.Chunks,
        Controls,
        Nodes,
        _bench.Metrics,
        _bench.Settings,
        _bench.Time);

    private Task<ServiceBusSessionReceiver> AcceptLaneAsync() =>
        _bench.Client.AcceptSessionAsync(Queues.OrderedChunks, Queues.LaneSession(FlowBench.Job, Lane), cancellationToken: Token);

    private static async Task<ServiceBusReceivedMessage> ReceiveAsync(ServiceBusReceiver receiver) =>
        await receiver.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync() ?? throw new InvalidOperationException("There is no message.");

    private sealed class StubModel : IModelRunner
    {
        public List<string> Ran { get; } = [];

        public List<ItemCall> Calls { get; } = [];

        public Func<ChunkItem, ItemOutcome> Answer { get; set; } = _ => ItemOutcome.Succeeded(JsonSerializer.SerializeToElement("ok"));

        /// <summary>What happens before an item is run.</summary>
        public Func<ChunkItem, Task>? Before { get; set; }

        public Func<CancellationToken, Task> WhileRunning { get; set; } = _ => Task.CompletedTask;

        public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
        {
            await WhileRunning(cancellationToken);
            if (Before is { } before)
            {
                foreach (var call in items)
                {
                    await before(call.Item);
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }

            Calls.AddRange(items);
            Ran.AddRange(items.Select(call => call.Item.Id));
            return [.. items.Select(call => Answer(call.Item))];
        }
    }
}
