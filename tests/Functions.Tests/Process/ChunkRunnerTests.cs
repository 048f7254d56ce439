using System.Text.Json;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Telemetry;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

public sealed class ChunkRunnerTests : IDisposable
{
    private readonly FakeTimeProvider _time = new() { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly JobSettings _settings = new() { MaxAttempts = 3, RetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromSeconds(60) };

    // The models here are not balanced: nobody calls the storage.
    private readonly JobBlobs _blobs;
    private readonly BalanceBoard _board;

    public ChunkRunnerTests()
    {
        _blobs = new JobBlobs(new BlobServiceClient("UseDevelopmentStorage=true"), _settings);
        _board = new BalanceBoard(new BalanceEntries(_blobs, _time), _time, NullLogger<BalanceBoard>.Instance);
    }

    public void Dispose()
    {
        _board.Dispose();
        _blobs.Dispose();
    }

    [Fact]
    public async Task Run_TransientFailure_TriesOnlyThatItemAgain()
    {
        var model = new ScriptedModel((item, attempt) => item.Id == "b" && attempt == 1 ? ItemOutcome.Transient("busy", "") : Ok());

        var results = await RunAsync(model, ["a", "b", "c"]);

        Assert.All(results, result => Assert.Equal(ItemStatus.Succeeded, result.Status));
        Assert.Equal([1, 2, 1], results.Select(result => result.Attempts));
        Assert.Equal(["a b c", "b"], model.Calls);
    }

    [Fact]
    public async Task Run_TransientForever_RestsAfterTheLastAttempt()
    {
        var run = new ChunkRun([Item("a"), Item("b")], attempts: 4);
        await RunAsync(new ScriptedModel((item, _) => item.Id == "b" ? Ok() : ItemOutcome.Transient("busy", "try later")), run);

        Assert.Equal([0], run.OpenPositions);
        Assert.Equal((true, 7), (run.HasResting, run.MostAttempts));
        Assert.Equal(["b"], run.TakeResults().Select(result => result.Id));
        run.FailResting(throttled: false);
        var failed = Assert.Single(run.TakeResults());
        Assert.Equal((ItemStatus.Failed, 7, "busy"), (failed.Status, failed.Attempts, failed.Error?.Code));
    }

    [Fact]
    public async Task Run_AwokenItems_AreAttemptedAsOftenAgain()
    {
        var model = new ScriptedModel((_, attempt) => attempt < 5 ? ItemOutcome.Transient("busy", "") : Ok());
        var run = new ChunkRun([Item("a")]);
        await RunAsync(model, run);
        Assert.True(run.HasResting);

        run.Wake();
        await RunAsync(model, run);

        var result = Assert.Single(run.TakeResults());
        Assert.Equal((ItemStatus.Succeeded, 5), (result.Status, result.Attempts));
    }

    [Fact]
    public async Task Run_WaitTooLongForThePlace_RestsAtOnce()
    {
        var run = new ChunkRun([Item("a")]);
        await RunAsync(new ScriptedModel((_, _) => ItemOutcome.Transient("busy", "", TimeSpan.FromMinutes(20))), run);

        Assert.Equal((true, 1, TimeSpan.FromMinutes(20)), (run.HasResting, run.MostAttempts, run.RetryAfter(run.OpenPositions)));
    }

    [Fact]
    public async Task Run_ThrottledWithLongWaits_RestsOnceTheyAddUp()
    {
        var model = new ScriptedModel((_, _) => ItemOutcome.Throttled("later", TimeSpan.FromSeconds(50)));
        var run = new ChunkRun([Item("a")]);
        await RunAsync(model, run);

        Assert.Equal((true, 3), (run.HasResting, model.Calls.Count));
    }

    [Fact]
    public async Task Run_RunnerThrowsAlways_DoesNotTellTheMessageWhenItFails()
    {
        var run = new ChunkRun([Item("a")]);
        await RunAsync(new ScriptedModel((_, _) => throw new IOException("secret")), run);
        run.FailResting(throttled: false);

        Assert.DoesNotContain("secret", Assert.Single(run.TakeResults()).Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_StoppedWhileItRuns_KeepsWhatWasFinished(bool throws)
    {
        using var stop = new CancellationTokenSource();
        var run = new ChunkRun([Item("a"), Item("b")]);
        var model = new ScriptedModel((item, _) =>
        {
            stop.Cancel();
            return throws ? throw new OperationCanceledException() : item.Id == "a" ? Ok() : ItemOutcome.Canceled;
        });

        await RunUntilAsync(model, run, stop.Token);

        Assert.Equal(throws ? [0, 1] : [1], run.OpenPositions);
        Assert.False(run.HasResting);
        Assert.Single(model.Calls);
    }

    [Fact]
    public async Task Run_StoppedWhileItWaits_EndsAtOnce()
    {
        using var stop = new CancellationTokenSource();
        var run = new ChunkRun([Item("a")]);
        using var models = Models(new ScriptedModel((_, _) => ItemOutcome.Transient("busy", "", TimeSpan.FromMinutes(1))));
        var running = Runner(models).RunAsync("model", run, stop.Token, TestContext.Current.CancellationToken);

        await stop.CancelAsync();

        await running.BoundedAsync();
        Assert.Equal(1, run.Open);
    }

    [Fact]
    public async Task Run_HostStops_AnswersNothing()
    {
        using var host = new CancellationTokenSource();
        using var models = Models(new ScriptedModel((_, _) =>
        {
            host.Cancel();
            return ItemOutcome.Canceled;
        }));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Runner(models).RunAsync("model", new ChunkRun([Item("a")]), CancellationToken.None, host.Token).BoundedAsync());
    }

    [Fact]
    public async Task Run_ItemFailsAndStopsItsKey_CancelsTheLaterOnesOfTheKey()
    {
        var run = new ChunkRun([Item("x1", 7), Item("x2", 8), Item("y1", 9), Item("x3", 10)], inOrder: true, stopOnFailure: true);
        await RunAsync(new ScriptedModel((item, _) => item.Id == "x2" ? ItemOutcome.Permanent("bad", "") : Ok()), run);

        var results = run.TakeResults();
        Assert.Equal(
            [ItemStatus.Succeeded, ItemStatus.Failed, ItemStatus.Succeeded, ItemStatus.Canceled], results.Select(result => result.Status));
        Assert.Equal((ChunkRun.KeyStopped, 0), (results[3].Error?.Code, results[3].Attempts));
        Assert.Contains("Item 8", results[3].Error!.Message, StringComparison.Ordinal);
        Assert.Equal(new Dictionary<string, long> { ["x"] = 8 }, run.StoppedKeys);
    }

    [Fact]
    public async Task Run_PermanentFailure_IsNotTriedAgain()
    {
        var model = new ScriptedModel((_, _) => ItemOutcome.Permanent("bad", ""));

        var results = await RunAsync(model, ["a"]);

        Assert.Equal((ItemStatus.Failed, 1), (results[0].Status, results[0].Attempts));
        Assert.Single(model.Calls);
    }

    [Fact]
    public async Task Run_RunnerThrows_TriesTheWholeChunkAgain()
    {
        var model = new ScriptedModel((_, attempt) => attempt == 1 ? throw new IOException("secret") : Ok());

        var results = await RunAsync(model, ["a", "b"]);

        Assert.All(results, result => Assert.Equal((ItemStatus.Succeeded, 2), (result.Status, result.Attempts)));
    }

    [Fact]
    public async Task Run_InOrder_FinishesAnItemBeforeTheNextOfItsKey()
    {
        var model = new ScriptedModel((item, attempt) => item.Id == "x1" && attempt < 3 ? ItemOutcome.Transient("busy", "") : Ok());

        await RunAsync(model, ["x1", "x2", "y1", "y2"], inOrder: true);

        Assert.Equal(["x1 y1", "x1 y2", "x1", "x2"], model.Calls);
    }

    [Fact]
    public async Task Run_RetryAfter_WaitsAtLeastThatLong()
    {
        var model = new ScriptedModel((_, attempt) => attempt == 1 ? ItemOutcome.Transient("busy", "", TimeSpan.FromSeconds(30)) : Ok());
        var start = _time.GetUtcNow();

        await RunAsync(model, ["a"]);

        Assert.True(_time.GetUtcNow() - start >= TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("elsewhere")] // the app's own when its job was submitted
    public async Task Run_ModelThatTheAppDoesNotRun_FailsTheItems(string model)
    {
        using var models = Models(new ScriptedModel((_, _) => Ok()));

        var run = new ChunkRun([Item("a")]);
        await Runner(models).RunAsync(model, run, CancellationToken.None, TestContext.Current.CancellationToken);

        Assert.Equal("unknown_model", Assert.Single(run.TakeResults()).Error?.Code);
    }

    private static ItemOutcome Ok() => ItemOutcome.Succeeded(JsonSerializer.SerializeToElement(true));

    private static ChunkItem Item(string id, long index = 0) => new() { Index = index, Id = id, Key = id[..1], Input = default };

    private async Task<IReadOnlyList<ItemResult>> RunAsync(ScriptedModel model, string[] ids, bool inOrder = false)
    {
        var run = new ChunkRun([.. ids.Select(id => Item(id))], inOrder: inOrder);
        await RunAsync(model, run);
        return run.TakeResults();
    }

    private Task RunAsync(ScriptedModel model, ChunkRun run) => RunUntilAsync(model, run, CancellationToken.None);

    private async Task RunUntilAsync(ScriptedModel model, ChunkRun run, CancellationToken stopped)
    {
        using var models = Models(model);
        var running = Runner(models).RunAsync("model", run, stopped, TestContext.Current.CancellationToken);
        for (var step = 0; !running.IsCompleted && step < 1000; step++)
        {
            // Each wait is a timer on the fake clock; moving the clock runs it and what follows it on this thread.
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await running.BoundedAsync();
    }

    private ChunkRunner Runner(ModelCatalog models) => new(models, _board, new JobMetrics(new Meters()), _settings, _time, new Random(1), NullLogger<ChunkRunner>.Instance);

    private static ModelCatalog Models(IModelRunner model) => new(
        new ConfigurationBuilder().AddInMemoryCollection([new("Models:model:Runner", "scripted"), new("Models:elsewhere:Runner", "external")]).Build(),
        [new RunnerKind("scripted", _ => model), new RunnerKind("external", Create: null)]);

    private sealed class ScriptedModel(Func<ChunkItem, int, ItemOutcome> script) : IModelRunner
    {
        public List<string> Calls { get; } = [];

        public Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
        {
            Calls.Add(string.Join(' ', items.Select(call => call.Item.Id)));
            return Task.FromResult<IReadOnlyList<ItemOutcome>>([.. items.Select(call => script(call.Item, call.Attempt))]);
        }
    }
}
