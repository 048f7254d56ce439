using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Recover;
using ModelJobs.Functions.Tests.Process;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Recover;

public sealed class RecoverResultTests(StorageEmulator storage) : FlowTest(storage)
{
    private ProcessBench Chunks => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task Run_AnswerInTheWrongSession_GoesToItsPage()
    {
        await Bench.Results.SendAsync(Samples.Chunk(2, page: 3), [Samples.Succeeded(0)], Token);
        await DeadLetterAsync($"{Job}/3");

        await RecoverAsync();

        var message = Assert.Single(await Bench.PeekAsync(Queues.Results));
        Assert.Equal(($"{Job}/3", $"{Job}/3/2"), (message.SessionId, message.CorrelationId));
        Assert.Equal(0, Assert.Single(await Chunks.ResultsAsync()).Index);
        Assert.Empty(await Bench.PeekAsync(Queues.Results + Queues.DeadLetter));
        Assert.Empty(await Bench.PeekAsync(Queues.Parked));
    }

    [Fact]
    public async Task Run_ComesBack_IsParkedUnderItsJob()
    {
        await Bench.Results.SendAsync(Samples.Chunk(0), [Samples.Succeeded(0)], Token);
        await DeadLetterAsync($"{Job}/0");
        await RecoverAsync();
        await DeadLetterAsync($"{Job}/0");

        await RecoverAsync();

        Assert.Empty(await Bench.PeekAsync(Queues.Results));
        var parked = Assert.Single(await Bench.PeekAsync(Queues.Parked));
        Assert.Equal((Job, "UnreadableResult"), (parked.SessionId, parked.ApplicationProperties["modeljobs-reason"]));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("""{"id":{"job":"j","page":0,"chunk":0},"results":[]}""")]
    [InlineData("""{"id":{"job":"job-0123456789abcdef0123456789abcdef","page":-1,"chunk":0},"results":[]}""")]
    [InlineData("""{"id":{"job":"job-0123456789abcdef0123456789abcdef","page":0,"chunk":0}}""")]
    [InlineData("""{"results":[{"index":0,"output":1}]}""")]
    public async Task Run_NoAnswerOfTheAppsOwn_IsParked(string body)
    {
        await Bench.SendAsync(Queues.Results, new ServiceBusMessage(body) { MessageId = "stray", SessionId = "odd" });
        await DeadLetterAsync("odd");

        await RecoverAsync();

        var parked = Assert.Single(await Bench.PeekAsync(Queues.Parked));
        Assert.Equal(("stray", "unknown", body), (parked.MessageId, parked.SessionId, parked.Body.ToString()));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
        Assert.Empty(await Bench.PeekAsync(Queues.Results + Queues.DeadLetter));
    }

    private async Task DeadLetterAsync(string session)
    {
        await using var receiver = await Bench.Client.AcceptSessionAsync(Queues.Results, session, cancellationToken: Token);
        var message = await receiver.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
        await receiver.DeadLetterMessageAsync(message!, "UnreadableResult", "It cannot be read.", Token);
    }

    private async Task RecoverAsync()
    {
        await using var receiver = Bench.Client.CreateReceiver(Queues.Results + Queues.DeadLetter);
        var message = await receiver.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
        var recover = new RecoverResult(Bench.Sender(Queues.Results), Chunks.Parked, NullLogger<RecoverResult>.Instance);
        await recover.Run(message!, new ServiceBusMessageActions(receiver), Token).BoundedAsync();
    }
}
