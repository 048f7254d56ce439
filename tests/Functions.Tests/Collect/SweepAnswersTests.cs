using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

public sealed class SweepAnswersTests(StorageEmulator storage) : FlowTest(storage)
{
    private readonly FakeDurableClient _durable = new();

    [Theory]
    [InlineData(Job + "/7", null)] // no such job
    [InlineData(Job + "/7", OrchestrationRuntimeStatus.Completed)]
    [InlineData(Job + "/7", OrchestrationRuntimeStatus.Failed)]
    [InlineData(Job + "/+7", OrchestrationRuntimeStatus.Running)]
    [InlineData(Job, OrchestrationRuntimeStatus.Running)]
    [InlineData("nonsense", OrchestrationRuntimeStatus.Running)]
    public async Task Run_NoJobWaitsForTheSession_RemovesItsAnswers(string session, OrchestrationRuntimeStatus? job)
    {
        await SendAsync(session, 150);

        await RunAsync(job);

        Assert.Empty(await Bench.PeekAsync(Queues.Results));
        Assert.Empty(await Bench.PeekAsync(Queues.Results + Queues.DeadLetter));
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Running)]
    [InlineData(OrchestrationRuntimeStatus.Suspended)]
    [InlineData(OrchestrationRuntimeStatus.Pending)]
    public async Task Run_JobMayStillWaitForTheSession_LeavesIt(OrchestrationRuntimeStatus job)
    {
        await SendAsync(Job + "/7", 3);
        await SendAsync("nonsense", 3);

        await RunAsync(job);

        Assert.Equal(3, (await Bench.PeekAsync(Queues.Results)).Count);
        Assert.All(await Bench.PeekAsync(Queues.Results), message => Assert.Equal((Job + "/7", 0), (message.SessionId, message.DeliveryCount)));
    }

    [Fact]
    public async Task Run_SessionIsTaken_LeavesItAndSweepsTheOthers()
    {
        await SendAsync("taken", 1);
        await SendAsync("nonsense", 1);
        await using var person = await Bench.Client.AcceptSessionAsync(Queues.Results, "taken", cancellationToken: Token);

        await RunAsync(null);

        Assert.Equal(["taken"], (await Bench.PeekAsync(Queues.Results)).Select(message => message.SessionId));
    }

    private async Task SendAsync(string session, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Bench.SendAsync(Queues.Results, new ServiceBusMessage("late") { MessageId = $"{session}-{i}", SessionId = session });
        }
    }

    private async Task RunAsync(OrchestrationRuntimeStatus? job)
    {
        if (job is { } known)
        {
            _durable.Set(Job, known);
        }

        await new SweepAnswers(new JumpingClient(Bench.Client, Bench.Time), NullLogger<SweepAnswers>.Instance)
            .Run(new TimerInfo(), _durable, Token).BoundedAsync();
    }
}
