using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class ClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Schedule_IdOfARunningInstance_IsRefused()
    {
        await using var harness = await Functions().StartAsync();
        await harness.ScheduleAsync("Waiter", id: "job");

        var refused = await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => harness.ScheduleAsync("Echo", id: "job"));

        Assert.Contains("'job' exists already", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schedule_IdOfACompletedInstance_ReplacesIt()
    {
        await using var harness = await Functions().StartAsync();
        await harness.RunAsync("Echo", "one", "job");

        var second = await harness.RunAsync("Echo", "two", "job");

        Assert.Equal("two", second.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Schedule_CompletedIsADedupeStatus_IsRefused()
    {
        await using var harness = await Functions().StartAsync();
        await harness.RunAsync("Echo", "one", "job");
        var options = new StartOrchestrationOptions("job").WithDedupeStatuses(OrchestrationRuntimeStatus.Completed);

        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(
            () => harness.Client.ScheduleNewOrchestrationInstanceAsync("Echo", options, Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("@a")]
    [InlineData("a\n")]
    public async Task Schedule_IdThatAzureRefuses_IsRefused(string id)
    {
        await using var harness = Functions();

        await Assert.ThrowsAsync<ArgumentException>(() => harness.ScheduleAsync("Echo", id: id));
    }

    [Fact]
    public async Task Schedule_WithoutAnId_IdsFollowFromTheSeed()
    {
        await using var one = Functions();
        await using var same = Functions();

        var ids = new[] { await one.ScheduleAsync("Echo"), await one.ScheduleAsync("Echo") };
        var sameIds = new[] { await same.ScheduleAsync("Echo"), await same.ScheduleAsync("Echo") };

        Assert.Equal(ids, sameIds);
        Assert.NotEqual(ids[0], ids[1]);
    }

    [Fact]
    public async Task WaitForInstanceStart_BeforeAndAfterTheFirstTurn_TellsStatus()
    {
        await using var harness = Functions();
        var id = await harness.ScheduleAsync("Waiter");
        var wait = harness.Client.WaitForInstanceStartAsync(id, Token);
        Assert.False(wait.IsCompleted);

        await harness.StartAsync();

        Assert.Equal(OrchestrationRuntimeStatus.Running, (await EngineHarness.Bounded(wait)).RuntimeStatus);
    }

    [Fact]
    public async Task Wait_NoSuchInstance_Throws()
    {
        await using var harness = Functions();

        await Assert.ThrowsAsync<ArgumentException>(() => harness.CompletionAsync("nobody"));
    }

    [Fact]
    public async Task GetInstance_WithoutInputsAndOutputs_LeavesPayloadsOut()
    {
        await using var harness = await Functions().StartAsync();
        var ended = await harness.RunAsync("Echo", "x");

        var bare = await harness.Client.GetInstanceAsync(ended.InstanceId, Token);

        Assert.Null(bare!.SerializedInput);
        Assert.Null(bare.SerializedOutput);
        Assert.Equal("Echo", bare.Name);
        Assert.Equal(EngineHarness.StartOfTime, bare.CreatedAt);
        Assert.Null(await harness.Client.GetInstanceAsync("nobody", Token));
    }

    [Fact]
    public async Task GetAllInstances_PrefixAndPages_GivesEachMatchOnceInOrder()
    {
        await using var harness = await Functions().StartAsync();
        foreach (var id in new[] { "b-1", "a-3", "a-1", "a-2", "A-4", "a-5" })
        {
            await harness.RunAsync("Echo", id, id);
        }

        var query = new OrchestrationQuery(InstanceIdPrefix: "a-", PageSize: 3, FetchInputsAndOutputs: true);
        var pages = await ToListAsync(harness.Client.GetAllInstancesAsync(query).AsPages());
        var rest = await ToListAsync(harness.Client.GetAllInstancesAsync(query with { ContinuationToken = pages[0].ContinuationToken }));

        Assert.Equal([["a-1", "a-2", "a-3"], ["a-5"]], pages.Select(page => page.Values.Select(i => i.InstanceId).ToArray()));
        Assert.Null(pages[^1].ContinuationToken);
        Assert.Equal(["a-5"], rest.Select(instance => instance.ReadInputAs<string>()));
    }

    [Fact]
    public async Task GetAllInstances_StatusAndTime_GivesOnlyMatches()
    {
        await using var harness = await Functions().StartAsync();
        await harness.RunAsync("Echo", "x", "early");
        harness.Time.Advance(TimeSpan.FromHours(1));
        await harness.RunAsync("Echo", "x", "late");
        await harness.ScheduleAsync("Waiter", id: "running");
        await EngineHarness.Bounded(harness.Client.WaitForInstanceStartAsync("running", Token));

        Assert.Equal(["running"], await Ids(new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Running])));
        Assert.Equal(["early"], await Ids(new OrchestrationQuery(CreatedTo: EngineHarness.StartOfTime)));
        Assert.Equal(["late", "running"], await Ids(new OrchestrationQuery(CreatedFrom: EngineHarness.StartOfTime.AddMinutes(1))));

        async Task<IEnumerable<string>> Ids(OrchestrationQuery query)
            => (await ToListAsync(harness.Client.GetAllInstancesAsync(query))).Select(instance => instance.InstanceId);
    }

    [Fact]
    public async Task Purge_CompletedInstance_IsForgottenAndARunningOneIsNot()
    {
        await using var harness = await Functions().StartAsync();
        await harness.RunAsync("Echo", "x", "done");
        await harness.ScheduleAsync("Waiter", id: "running");

        Assert.Equal(1, (await harness.Client.PurgeInstanceAsync("done", Token)).PurgedInstanceCount);
        Assert.Equal(0, (await harness.Client.PurgeInstanceAsync("running", Token)).PurgedInstanceCount);
        Assert.Equal(0, (await harness.Client.PurgeInstanceAsync("nobody", Token)).PurgedInstanceCount);
        Assert.Null(await harness.Client.GetInstanceAsync("done", Token));
        Assert.Empty(harness.Engine.GetHistory("done"));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public async Task Purge_Parent_DescendantsGoOnlyIfRecursive(bool recursive, int expected)
    {
        await using var harness = await Functions()
            .Orchestrator("Parent", async context =>
            {
                var depth = context.GetInput<int>();
                return depth == 0 ? 0 : await context.CallSubOrchestratorAsync<int>("Parent", depth - 1);
            })
            .StartAsync();
        await harness.RunAsync("Parent", 2, "parent");

        var purged = await harness.Client.PurgeInstanceAsync("parent", new PurgeInstanceOptions(recursive), Token);

        Assert.Equal(expected, purged.PurgedInstanceCount);
    }

    [Fact]
    public async Task PurgeAll_Filter_RemovesCompletedMatchesOnly()
    {
        await using var harness = await Functions().StartAsync();
        await harness.RunAsync("Echo", "x", "old");
        harness.Time.Advance(TimeSpan.FromDays(1));
        await harness.RunAsync("Echo", "x", "new");
        await harness.ScheduleAsync("Waiter", id: "running");

        var purged = await harness.Client.PurgeAllInstancesAsync(
            new PurgeInstancesFilter(CreatedTo: EngineHarness.StartOfTime.AddHours(1)), Token);

        Assert.Equal(1, purged.PurgedInstanceCount);
        Assert.NotNull(await harness.Client.GetInstanceAsync("new", Token));
        Assert.Equal(
            1, (await harness.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), Token)).PurgedInstanceCount);
    }

    private static EngineHarness Functions() => new EngineHarness()
        .Orchestrator("Echo", context => Task.FromResult(context.GetInput<string>()))
        .Orchestrator("Waiter", context => context.WaitForExternalEvent<string>("never"));

    private static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> source)
    {
        var list = new List<T>();
        await foreach (var item in source.WithCancellation(Token))
        {
            list.Add(item);
        }

        return list;
    }
}
