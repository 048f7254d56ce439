using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Messaging.ServiceBus;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Messaging;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>What an estimate says, held against what the job then takes. Budget: 15 seconds.</summary>
public sealed class CostTests(StorageEmulator storage)
{
    /// <summary>Of storage, a short job takes less than the estimate: pages that end together are assembled together, and its control is read once.</summary>
    private const double LeastStorage = 0.4;

    /// <summary>Operations of Service Bus that a job measures: those on the sessions of pages are not among them.</summary>
    private const double LeastOperations = 0.8;

    /// <summary>A long one takes more: parts and readings of its control come with time.</summary>
    private const double MostStorage = 2.0;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("&chunkItems=5", 3_000, Queues.Chunks)]
    [InlineData("&chunkItems=5&maxConcurrency=4", 1_500, Queues.OrderedChunks)]
    public async Task DryRun_JobThatIsThenRun_TakesAsMuch(string options, int items, string queue)
    {
        var calls = new CountCalls();
        await using var app = await LocalApp.StartAsync(
            storage,
            builder => builder.Services.Replace(ServiceDescriptor.Singleton(_ =>
            {
                var counted = new BlobClientOptions();
                counted.AddPolicy(calls, HttpPipelinePosition.PerRetry);
                return new BlobServiceClient(storage.ConnectionString, counted);
            })),
            "Jobs:PartInterval=00:00:30",
            // Estimates do not reckon with a dispatch by the instance that took the job.
            "Jobs:RecentInputBytes=0");
        string[] lines = [.. Enumerable.Range(0, items).Select(i => $$$"""{"input":{"id":{{{i}}},"duration":0}}""")];

        using var answer = await app.Jobs.PostAsync($"?model=simulate&dryRun=true{options}", lines);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var estimate = (await answer.Content.ReadFromJsonAsync(ContractsJson.Wire.JobEstimate, Cancellation))!;
        Assert.Equal(0, calls.Writes + calls.Reads);

        var job = await app.Jobs.SubmitAsync($"?model=simulate{options}", lines);
        job = await app.Jobs.WaitAsync(job.Id);
        Assert.Equal(items, job.Items.Succeeded);
        Assert.Equal(estimate.Pages, job.Pages.Total);

        // Numbers in a queue begin at 1 and are never used twice: the next one says how many messages there were.
        Assert.Equal(estimate.ServiceBus.ChunkMessages, await SentAsync(app, queue));
        Assert.Equal(estimate.ServiceBus.ResultMessages, await SentAsync(app, Queues.Results));
        var usage = job.Usage!;
        Assert.Equal((estimate.Chunks, (long)items, 2 * estimate.Chunks), (usage.ChunkRuns, usage.Attempts, usage.Messages));
        Assert.InRange(usage.ServiceBusOperations, estimate.ServiceBus.Operations * LeastOperations, estimate.ServiceBus.Operations);
        Assert.InRange(job.Capacity!.Parallelism, double.Epsilon, job.Capacity.Nodes);
        TestContext.Current.TestOutputHelper?.WriteLine($"Writes {calls.Writes} of {estimate.Storage.Writes}, reads {calls.Reads} of {estimate.Storage.Reads}.");
        Assert.InRange(calls.Writes, estimate.Storage.Writes * LeastStorage, estimate.Storage.Writes * MostStorage);
        Assert.InRange(calls.Reads, estimate.Storage.Reads * LeastStorage, estimate.Storage.Reads * MostStorage);
    }

    private static async Task<long> SentAsync(LocalApp app, string queue)
    {
        await using var sender = app.Services.GetRequiredService<ServiceBusClient>().CreateSender(queue);
        var never = new ServiceBusMessage { SessionId = queue == Queues.Chunks ? null : "never" };
        var number = await sender.ScheduleMessageAsync(never, TimeProvider.System.GetUtcNow().AddDays(1), Cancellation);
        await sender.CancelScheduledMessageAsync(number, Cancellation);
        return number - 1;
    }

    /// <summary>Counts calls of storage as they are priced.</summary>
    private sealed class CountCalls : HttpPipelineSynchronousPolicy
    {
        private readonly ConcurrentQueue<bool> _isWrite = new();

        public int Writes => _isWrite.Count(isWrite => isWrite);

        public int Reads => _isWrite.Count(isWrite => !isWrite);

        public override void OnSendingRequest(HttpMessage message) =>
            _isWrite.Enqueue(message.Request.Method == RequestMethod.Put || message.Request.Uri.Query.Contains("comp=list", StringComparison.Ordinal));
    }
}
