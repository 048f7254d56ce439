using ModelJobs.LocalRuntime.Replay;
using ModelJobs.LocalRuntime.Tests.Worker;
using ModelJobs.LocalRuntime.Tests.Worker.Management;

namespace ModelJobs.LocalRuntime.Tests.Replay;

public sealed class OrchestrationHistoryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_HistoryThatAClientReturns_CanBeReplayed()
    {
        await using var app = await TestApp.StartAsync<ManagedFunctions>();
        var id = await app.Durable.ScheduleNewOrchestrationInstanceAsync("Square", 4, Cancel);
        await app.Durable.WaitForInstanceCompletionAsync(id, Cancel).WaitAsync(TestApp.Limit, Cancel);

        var history = OrchestrationHistory.Of(await app.Durable.GetOrchestrationHistoryAsync(id, Cancel));

        Assert.Equal(("Square", id, false), (history.Name, history.InstanceId, history.IsCondensed));
        OrchestrationReplayer.Replay(history, typeof(ManagedFunctions).Assembly);
        Assert.Throws<FormatException>(() => OrchestrationHistory.Of([]));
    }

    [Fact]
    public async Task Load_FileThatIsNoHistory_NamesTheFile()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "[]", Cancel);

            Assert.StartsWith(file, Assert.Throws<FormatException>(() => OrchestrationHistory.Load(file)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
