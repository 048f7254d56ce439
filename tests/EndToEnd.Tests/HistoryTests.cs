using System.Text.Json;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.LocalRuntime.Replay;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>What a job leaves behind can be read over HTTP, and replayed.</summary>
public sealed class HistoryTests(StorageEmulator storage)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task History_OfAJobAndItsPage_IsReadOverHttpAndReplayed()
    {
        await using var app = await LocalApp.StartAsync(storage);
        using var answer = await app.Jobs.PostAsync(
            "?model=simulate&orderByKey=true", Enumerable.Range(0, 30).Select(id => $$$"""{"key":"{{{id % 7}}}","input":{"id":{{{id}}},"duration":0}}"""));
        var id = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancel)).GetProperty("id").GetString()!;
        await Invariants.CheckAsync(app, await app.Jobs.WaitAsync(id));

        foreach (var instance in (string[])[id, PageOrchestrator.InstanceId(id, 0, version: 0)])
        {
            var json = await app.Http.GetStringAsync(
                new Uri($"runtime/webhooks/durabletask/instances/{instance}?showHistory=true&showHistoryOutput=true", UriKind.Relative), Cancel);
            var history = OrchestrationHistory.Parse(json);

            Assert.Equal(instance, history.InstanceId);
            OrchestrationReplayer.Replay(history, typeof(ModelJobsApp).Assembly);
        }
    }
}
