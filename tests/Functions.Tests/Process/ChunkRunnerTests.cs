using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process;

public sealed class ChunkRunnerTests
{
    private readonly FakeTimeProvider _time = new() { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly JobSettings _settings = new() { MaxAttempts = 3, RetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromSeconds(60) };

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
    public async Task Run_TransientForever_FailsAfterTheLastAttempt()
    {
        var results = await RunAsync(new ScriptedModel((_, _) => ItemOutcome.Transient("busy", "try later")), ["a"]);

        Assert.Equal((ItemStatus.Failed, 3, "busy"), (results[0].Status, results[0].Attempts, results[0].Error?.Code));
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
    public async Task Run_RunnerThrowsAlways_DoesNotTellTheMessage()
    {
        var results = await RunAsync(new ScriptedModel((_, _) => throw new IOException("secret")), ["a"]);

        Assert.DoesNotContain("secret", results[0].Error!.Message, StringComparison.Ordinal);
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
        var model = new ScriptedModel((_, attempt) => attempt == 1 ? ItemOutcome.Transient("throttled", "", TimeSpan.FromSeconds(30)) : Ok());
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

        var results = await Runner(models).RunAsync(model, [Item("a")], false, TestContext.Current.CancellationToken);

        Assert.Equal("unknown_model", results[0].Error?.Code);
    }

    private static ItemOutcome Ok() => ItemOutcome.Succeeded(JsonSerializer.SerializeToElement(true));

    private static ChunkItem Item(string id) => new() { Index = 0, Id = id, Key = id[..1], Input = default };

    private async Task<IReadOnlyList<ItemResult>> RunAsync(ScriptedModel model, string[] ids, bool inOrder = false)
    {
        using var models = Models(model);
        var run = Runner(models).RunAsync("model", [.. ids.Select(Item)], inOrder, TestContext.Current.CancellationToken);
        for (var step = 0; !run.IsCompleted && step < 1000; step++)
        {
            // Each wait is a timer on the fake clock; moving the clock runs it and what follows it on this thread.
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        return await run.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    private ChunkRunner Runner(ModelCatalog models) => new(models, _settings, _time, new Random(1), NullLogger<ChunkRunner>.Instance);

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
