using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Recover;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>Items whose worker is lost with them, whatever it does: an item ends with its worker before it is answered.</summary>
public sealed class DeadLetterTests(StorageEmulator storage)
{
    private const string PoisonId = "23";

    [Fact]
    public async Task Run_ItemThatKillsItsWorker_FailsAloneAndIsParked()
    {
        await using var app = await StartAsync();
        var lines = Enumerable.Range(0, 50).Select(i => $$$"""{"id":"{{{i}}}","input":{"id":{{{i}}},"duration":0}}""");

        var job = await app.Jobs.SubmitAsync("?model=recorded&chunkItems=10", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal((49, 1), (job.Items.Succeeded, job.Items.Failed));
        var item = Assert.Single(await app.Jobs.ParkedAsync(job.Id).ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal((PoisonId, Poison.WorkerLost), (item.Id, item.Error?.Code));
        // Halved until it was alone: ten, five, two or three, perhaps two, one.
        Assert.Equal([10, 5], item.History!.Select(record => record.Items).Take(2));
        Assert.Equal(1, item.History![^1].Items);
        Assert.All(item.History!, record => Assert.Contains(record.Reason, (string[])["MaxDeliveryCountExceeded", ProcessChunk.WorkerLost]));
    }

    [Fact]
    public async Task Run_ItemInALaneThatKillsItsWorker_FailsAloneAndTheLaneGoesOnInOrder()
    {
        await using var app = await StartAsync();
        var lines = Enumerable.Range(0, 50).Select(i => $$$"""{"id":"{{{i}}}","key":"one","input":{"id":{{{i}}},"duration":0}}""");

        var job = await app.Jobs.SubmitAsync("?model=recorded&chunkItems=10&orderByKey=true", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckLinesAsync(app.Jobs, job);
        Assert.Equal((49, 1), (job.Items.Succeeded, job.Items.Failed));
        var item = Assert.Single(await app.Jobs.ParkedAsync(job.Id).ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal((PoisonId, Poison.WorkerLost), (item.Id, item.Error?.Code));
        // An item that ran again because its chunk was lost did so before any later one of its key ran for the first time.
        var first = app.Recorder.Attempts.GroupBy(attempt => attempt.Index).OrderBy(runs => runs.Key).ToList();
        Assert.All(first.Zip(first.Skip(10)), pair => Assert.True(pair.First.Max(run => run.End) < pair.Second.Min(run => run.Start)));
    }

    /// <summary>Starts an app in which the worker of one item is lost each time before it has answered.</summary>
    private Task<LocalApp> StartAsync() => LocalApp.StartAsync(storage, builder => builder.Services.AddKeyedSingleton<ServiceBusSender>(
        Queues.Results, (services, _) => new DyingSender(services.GetRequiredService<ServiceBusClient>().CreateSender(Queues.Results))));

    private sealed class DyingSender(ServiceBusSender inner) : ServiceBusSender
    {
        public override Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default)
        {
            var answer = JsonSerializer.Deserialize(message.Body.ToMemory().Span, ContractsJson.Wire.ResultMessage)!;
            if (answer.Results!.Any(result => result is { Id: PoisonId, Status: ItemStatus.Succeeded }))
            {
                throw new InvalidOperationException("The worker is lost with this item.");
            }

            return inner.SendMessageAsync(message, cancellationToken);
        }
    }
}
