using System.Text;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Purge;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Submit;
using ModelJobs.Functions.Tests.Status;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Purge;

public sealed class PurgeSliceTests(StorageEmulator storage) : FlowTest(storage)
{
    private const string Other = "job-ffffffffffffffffffffffffffffffff";
    private readonly FakeDurableClient _durable = new();

    [Fact]
    public async Task Run_EndedJob_LeavesNothingOfItAndAllOfOthers()
    {
        _durable.Set(StatusBench.Run, OrchestrationRuntimeStatus.Completed);
        _durable.Set(Other, OrchestrationRuntimeStatus.Completed);
        _durable.Set(PageOrchestrator.InstanceId(Job, 0, 0), OrchestrationRuntimeStatus.Completed);
        _durable.Set(PageOrchestrator.InstanceId(Job, 12, 3), OrchestrationRuntimeStatus.Failed);
        _durable.Set(PageOrchestrator.InstanceId(Other, 0, 0), OrchestrationRuntimeStatus.Completed);
        await StoreJobAsync("key");
        await Bench.StoreAsync(JobBlobs.Manifest(Other), "{}"u8.ToArray());
        await Bench.SendAsync(Queues.Parked, new ServiceBusMessage("poison") { SessionId = Job });
        await Bench.SendAsync(Queues.Parked, new ServiceBusMessage("poison") { SessionId = Other, MessageId = "other" });

        Assert.True(await RunAsync());

        Assert.Equal([JobBlobs.Manifest(Other)], await Bench.ListAsync(""));
        Assert.Equal(["other"], await Bench.PeekIdsAsync(Queues.Parked));
        Assert.Equal([Other, PageOrchestrator.InstanceId(Other, 0, 0)], _durable.Ids);
        Assert.Equal(Job, _durable.Purged[^1]);
    }

    [Fact]
    public async Task Run_Again_ChangesNothing()
    {
        _durable.Set(StatusBench.Run, OrchestrationRuntimeStatus.Completed);
        await StoreJobAsync("key");

        Assert.Equal((true, true), (await RunAsync(), await RunAsync()));
    }

    [Fact]
    public async Task Run_JobRuns_LeavesItAlone()
    {
        _durable.Set(StatusBench.Run, OrchestrationRuntimeStatus.Running);
        await StoreJobAsync("key");
        var before = await Bench.ListAsync("");

        Assert.True(await RunAsync());

        Assert.Equal(before, await Bench.ListAsync(""));
        Assert.Empty(_durable.Purged);
    }

    [Fact]
    public async Task Run_KeyStandsForAnotherJobNow_LeavesTheKey()
    {
        await StoreJobAsync("key");
        await Bench.StoreAsync(IdempotencyKeys.BlobOf("key", Caller.Everybody), Encoding.UTF8.GetBytes(Other));

        Assert.True(await RunAsync());

        Assert.Equal([IdempotencyKeys.BlobOf("key", Caller.Everybody)], await Bench.ListAsync(""));
    }

    [Fact]
    public async Task Run_ManifestIsDamaged_DeletesTheRest()
    {
        await StoreJobAsync("key");
        await Bench.StoreAsync(JobBlobs.Manifest(Job), "{"u8.ToArray());

        Assert.True(await RunAsync());

        Assert.Empty(await Bench.ListAsync(JobBlobs.Folder(Job)));
    }

    [Fact]
    public async Task Run_PagesStillRun_EndsThemAndComesBackForThem()
    {
        // What a job leaves that was terminated by a tool.
        var page = PageOrchestrator.InstanceId(Job, 0, 0);
        _durable.Set(StatusBench.Run, OrchestrationRuntimeStatus.Terminated);
        _durable.Set(page, OrchestrationRuntimeStatus.Running);

        var first = await RunAsync();
        var left = _durable.Ids.ToList();
        var second = await RunAsync();

        Assert.Equal((false, true), (first, second));
        Assert.Equal([Job, page], left);
        Assert.Empty(_durable.Ids);
        Assert.Equal([page], _durable.Terminated);
    }

    [Fact]
    public async Task Run_WebhookIsStillToBeTold_EndsThatAndForgetsIt()
    {
        string[] told = [WebhookOrchestrator.InstanceId(Job, 0), WebhookOrchestrator.InstanceId(Job, 100)];
        _durable.Set(StatusBench.Run, OrchestrationRuntimeStatus.Completed);
        _durable.Set(told[0], OrchestrationRuntimeStatus.Completed);
        _durable.Set(told[1], OrchestrationRuntimeStatus.Running);
        _durable.Set(WebhookOrchestrator.InstanceId(Other, 0), OrchestrationRuntimeStatus.Running);

        Assert.Equal((false, true), (await RunAsync(), await RunAsync()));

        Assert.Equal([WebhookOrchestrator.InstanceId(Other, 0)], _durable.Ids);
        Assert.Equal([told[1]], _durable.Terminated);
        Assert.Equal(Job, _durable.Purged[^1]);
    }

    [Theory]
    [InlineData("keys")]
    [InlineData("")]
    [InlineData("job-0123456789abcdef0123456789abcdef/../x")]
    public async Task Run_NoJobsId_IsRefused(string job) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Function().Run(job, _durable, Token));

    private PurgeSlice Function() => new(
        Bench.Blobs,
        new ParkedMessages(new JumpingClient(Bench.Client, Bench.Time), NullLogger<ParkedMessages>.Instance),
        Bench.Time,
        NullLogger<PurgeSlice>.Instance);

    private Task<bool> RunAsync() => Function().Run(Job, _durable, Token).BoundedAsync();

    private async Task StoreJobAsync(string key)
    {
        var blob = IdempotencyKeys.BlobOf(key, Caller.Everybody);
        var manifest = StatusBench.Run.Job with { KeyBlob = blob };
        await Bench.StoreAsync(blob, Encoding.UTF8.GetBytes(Job));
        await Bench.StoreAsync(JobBlobs.Manifest(Job), JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.JobManifest));
        foreach (var name in (string[])[JobBlobs.Input(Job, "1"), JobBlobs.Plan(Job), JobBlobs.PagePart(Job, 3, 0, 0), JobBlobs.Output(Job)])
        {
            await Bench.StoreAsync(name, "x"u8.ToArray());
        }
    }
}
