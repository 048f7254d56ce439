using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Process.Runners.Chat;
using ModelJobs.Tests.Support;
using ModelJobs.Tests.Support.OpenAi;

namespace ModelJobs.EndToEnd.Tests.Fairness;

/// <summary>
/// A small job beside a large one on the same model, counted in what runs and not in time: 2,000 and 900 items stand for the large job here,
/// <see cref="SmallJobTimeTests"/> measures one of 100,000. Budget: 10 seconds.
/// </summary>
public sealed class SmallJobTests(StorageEmulator storage)
{
    private const int Small = 10;

    [Theory]
    [InlineData("")]
    [InlineData("&priority=high&chunkItems=1")]
    public async Task Run_SmallJobWhileALargeOneFillsTheQueue_EndsWithoutOneMoreChunkOfIt(string options)
    {
        var gated = new GatedRunner(new SimulateRunner(TimeProvider.System));
        await using var app = await LocalApp.StartAsync(
            storage, builder => builder.Services.AddSingleton(new RunnerKind("gated", _ => gated)), "Models:gated:Runner=gated");
        var large = await app.Jobs.SubmitAsync("?model=gated&chunkItems=5", Items(2_000));
        await Eventually.BecomesAsync(() => gated.Held(large.Id) == 16, TimeSpan.FromMinutes(1), "The large job does not fill the slots of its queue.");

        var small = await app.Jobs.SubmitAsync("?model=gated" + options, Items(Small));
        small = await app.Jobs.WaitAsync(small.Id);

        Assert.Equal((JobStatus.Succeeded, (long)Small), (small.Status, small.Items.Succeeded));
        Assert.Equal(16, gated.Held(large.Id));
        await Invariants.CheckAsync(app, small);
        gated.Open();
        large = await app.Jobs.WaitAsync(large.Id);
        await Invariants.CheckAsync(app, large);
    }

    [Fact]
    public async Task Run_SmallJobWhileALargeOneFillsTheEndpoint_WaitsForOneCallOfItForEachOfItsOwn()
    {
        const int CallsPerMinute = 1_200;
        const int Window = 4;
        var standIn = new OpenAiStandIn(TimeProvider.System) { Requests = new StandInLimit(CallsPerMinute, burstSeconds: 1) };
        await using var server = await StandInServer.StartAsync(standIn, TestContext.Current.CancellationToken);
        using var chat = new ChatRunner(
            new ChatRunnerOptions { Endpoint = server.Endpoint, Model = "stand-in", MaxConcurrency = Window }, TimeProvider.System);
        var counted = new CountingRunner(chat, standIn);
        await using var app = await LocalApp.StartAsync(
            storage, builder => builder.Services.AddSingleton(new RunnerKind("counted", _ => counted) { IsBalanced = true }), "Models:counted:Runner=counted");
        var large = await app.Jobs.SubmitAsync("?model=counted&priority=low", Texts(900));
        // The large job asks for more than the endpoint bears, and its status says so.
        large = await app.Jobs.WaitAsync(large.Id, job => job.Balance is { Waiting: > 100 });
        Assert.Equal((1, 1, 1.0), (large.Balance!.Instances, large.Balance.Weight, large.Balance.Share));
        Assert.InRange(large.Balance.Window, 1, Window);

        var small = await app.Jobs.SubmitAsync("?model=counted&priority=low", Texts(Small));
        small = await app.Jobs.WaitAsync(small.Id);

        Assert.Equal((JobStatus.Succeeded, (long)Small), (small.Status, small.Items.Succeeded));
        // One turn each, and what was under way before and is in the endpoint's hands after.
        Assert.InRange(counted.CallsWhile(small.Id), Small, (2 * Small) + (2 * Window));
        await Invariants.CheckAsync(app, small);
        standIn.Limit(100 * CallsPerMinute);
        await Invariants.CheckAsync(app, await app.Jobs.WaitAsync(large.Id));
    }

    private static IEnumerable<string> Items(int count) => Enumerable.Range(0, count).Select(i => $$$"""{"input":{"id":{{{i}}},"duration":0}}""");

    private static IEnumerable<string> Texts(int count) => Enumerable.Range(0, count).Select(i => $$"""{"input":"text {{i}}"}""");

    /// <summary>Holds the chunks of the first job until it is opened.</summary>
    private sealed class GatedRunner(IModelRunner inner) : IModelRunner
    {
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<string> _begun = [];

        public int Held(string job)
        {
            lock (_begun)
            {
                return _begun.Count(one => one == job);
            }
        }

        public void Open() => _opened.SetResult();

        public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
        {
            var job = items[0].Share!.Value.Job;
            bool isFirst;
            lock (_begun)
            {
                _begun.Add(job);
                isFirst = job == _begun[0];
            }

            if (isFirst)
            {
                await _opened.Task.WaitAsync(cancellationToken);
            }

            return await inner.RunAsync(items, cancellationToken);
        }
    }

    /// <summary>Notes how many calls the endpoint had seen when a job's chunk began, and when it ended.</summary>
    private sealed class CountingRunner(ChatRunner inner, OpenAiStandIn standIn) : IBalancedRunner
    {
        private readonly ConcurrentDictionary<string, int> _calls = new();

        public LimiterSnapshot Balance => inner.Balance;

        public bool HasBudget => inner.HasBudget;

        public void ShareAmong(int instances, TimeSpan pause) => inner.ShareAmong(instances, pause);

        public int CallsWhile(string job) => _calls[job];

        public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
        {
            var before = standIn.Answers.Count;
            var outcomes = await inner.RunAsync(items, cancellationToken);
            _calls[items[0].Share!.Value.Job] = standIn.Answers.Count - before;
            return outcomes;
        }
    }
}
