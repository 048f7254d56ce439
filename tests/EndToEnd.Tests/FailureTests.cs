using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>Jobs some of whose answers do not come.</summary>
public sealed class FailureTests(StorageEmulator storage)
{
    private readonly ConcurrentDictionary<string, int> _lost = [];

    [Fact]
    public async Task Run_ItemThatNeverEnds_FailsAloneAndTheJobEnds()
    {
        // One item a chunk: 200 items make each of the first two pages. The item is in the second of three pages.
        await using var app = await LocalApp.StartAsync(storage, "Jobs:MaxIdle=00:00:01", "Jobs:CollectSlice=00:00:01");
        var lines = Enumerable.Range(0, 600).Select(i => $$$"""{"input":{"id":{{{i}}},"duration":{{{(i == 300 ? 600 : 0)}}}}}""");

        var job = await app.Jobs.SubmitAsync("?model=simulate&chunkItems=1", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        var failed = Assert.Single(await app.Jobs.ErrorsAsync(job.Id).ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal((300, PageOrchestrator.NoAnswer), (failed.Index, failed.Error?.Code));
    }

    [Theory]
    [InlineData("", 6)]
    [InlineData("&orderByKey=true", 6)]
    public async Task Run_AnswersAreLost_AreFoundMissingAndTheirItemsSentAgain(string order, int lost)
    {
        await using var app = await LocalApp.StartAsync(storage, LoseSome, "Jobs:StallAfter=00:00:05", "Jobs:CollectSlice=00:00:01");
        var lines = Enumerable.Range(0, 200).Select(i => $$$"""{"key":"{{{i % 9}}}","input":{"id":{{{i}}},"duration":0}}""");

        var job = await app.Jobs.SubmitAsync("?model=recorded&chunkItems=2" + order, lines);
        job = await app.Jobs.WaitAsync(job.Id);

        Assert.Equal(lost, _lost.Count);
        Assert.Equal(200, job.Items.Succeeded);
        await Invariants.CheckLinesAsync(app.Jobs, job);
    }

    private void LoseSome(FunctionsApplicationBuilder builder) => builder.Services.AddKeyedSingleton<ServiceBusSender>(
        Queues.Results, (services, _) => new LosingSender(services.GetRequiredService<ServiceBusClient>().CreateSender(Queues.Results), _lost));

    /// <summary>Loses the first answer of some chunks, as a person with a tool might, or a restored backup.</summary>
    private sealed class LosingSender(ServiceBusSender inner, ConcurrentDictionary<string, int> lost) : ServiceBusSender
    {
        public override Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default) =>
            message.CorrelationId?.Split('/') is [_, "0", var chunk]
            && int.TryParse(chunk, out var number)
            && number is >= 10 and < 16
            && lost.TryAdd(message.CorrelationId!, number)
                ? Task.CompletedTask
                : inner.SendMessageAsync(message, cancellationToken);
    }
}
