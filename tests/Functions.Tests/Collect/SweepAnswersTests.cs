using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

public sealed class SweepAnswersTests(StorageEmulator storage) : FlowTest(storage)
{
    private readonly FakeDurableClient _durable = new();

    [Theory]
    [InlineData(Job + "/7", null, null)] // no such job
    [InlineData(Job + "/7", OrchestrationRuntimeStatus.Completed, null)]
    [InlineData(Job + "/7", OrchestrationRuntimeStatus.Failed, null)]
    [InlineData(Job + "/7", OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Completed)]
    [InlineData(Job + "/+7", OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Running)]
    [InlineData(Job, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Running)]
    [InlineData("nonsense", OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Running)]
    public async Task Run_NoPageWaitsForTheSession_RemovesItsAnswers(
        string session, OrchestrationRuntimeStatus? job, OrchestrationRuntimeStatus? page)
    {
        await SendAsync(session, 150);

        await RunAsync(job, page);

        Assert.Empty(await Bench.PeekAsync(Queues.Results));
        Assert.Empty(await Bench.PeekAsync(Queues.Results + Queues.DeadLetter));
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Running)]
    [InlineData(OrchestrationRuntimeStatus.Running, null)] // dispatched, not collected yet
    [InlineData(OrchestrationRuntimeStatus.Suspended, OrchestrationRuntimeStatus.Running)]
    [InlineData(OrchestrationRuntimeStatus.Pending, null)]
    public async Task Run_PageMayStillWaitForTheSession_LeavesIt(OrchestrationRuntimeStatus job, OrchestrationRuntimeStatus? page)
    {
        await SendAsync(Job + "/7", 3);
        await SendAsync("nonsense", 3);

        await RunAsync(job, page);

        Assert.Equal(3, (await Bench.PeekAsync(Queues.Results)).Count);
        Assert.All(await Bench.PeekAsync(Queues.Results), message => Assert.Equal((Job + "/7", 0), (message.SessionId, message.DeliveryCount)));
    }

    [Fact]
    public async Task Run_SessionIsTaken_LeavesItAndSweepsTheOthers()
    {
        await SendAsync("taken", 1);
        await SendAsync("nonsense", 1);
        await using var person = await Bench.Client.AcceptSessionAsync(Queues.Results, "taken", cancellationToken: Token);

        await RunAsync(null, null);

        Assert.Equal(["taken"], (await Bench.PeekAsync(Queues.Results)).Select(message => message.SessionId));
    }

    private async Task SendAsync(string session, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Bench.SendAsync(Queues.Results, new ServiceBusMessage("late") { MessageId = $"{session}-{i}", SessionId = session });
        }
    }

    private async Task RunAsync(OrchestrationRuntimeStatus? job, OrchestrationRuntimeStatus? page)
    {
        Set(Job, job);
        Set(PageOrchestrator.InstanceId(Job, 7), page);
        await new SweepAnswers(new JumpingClient(Bench.Client, Bench.Time), NullLogger<SweepAnswers>.Instance)
            .Run(new TimerInfo(), _durable, Token).BoundedAsync();
    }

    private void Set(string instance, OrchestrationRuntimeStatus? status)
    {
        if (status is { } known)
        {
            _durable.Set(instance, known);
        }
    }
}
