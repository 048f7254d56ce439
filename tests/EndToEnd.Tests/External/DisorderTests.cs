using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Messaging;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests.External;

/// <summary>Workers that answer twice, late, into the wrong place, or never. Chunks have two items.</summary>
public sealed class DisorderTests(StorageEmulator storage)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, "")] // the chunk's id again, as the contract asks: duplicate detection drops it
    [InlineData(false, "")] // another message with the same content
    [InlineData(true, "other")]
    [InlineData(false, "other")]
    [InlineData(false, "nonsense")]
    public async Task Run_WorkerAnswersTwice_CountsTheFirstAnswer(bool sameMessageId, string content)
    {
        await using var app = await StartAsync();
        await using var worker = new StandInWorker(app, async delivery =>
        {
            await delivery.AnswerAsync(delivery.GoodAnswer());
            var second = content == "nonsense" ? content : delivery.GoodAnswer().Replace("done", content.Length == 0 ? "done" : content, StringComparison.Ordinal);
            await delivery.AnswerAsync(second, answer => answer.MessageId += sameMessageId ? "" : "/again");
        });

        var job = await RunAsync(app, items: 60);
        await worker.StopAsync();
        await SweepAsync(app);

        await Invariants.CheckAsync(app, job);
        Assert.Equal(60, job.Items.Succeeded);
        await foreach (var line in app.Jobs.ResultsAsync(job.Id))
        {
            Assert.Equal("done", line.Output?.GetString());
        }
    }

    [Fact]
    public async Task Run_SecondAnswersComeAfterTheJob_AreSweptAway()
    {
        await using var app = await StartAsync();
        var late = new List<Func<Task>>();
        await using var worker = new StandInWorker(app, async delivery =>
        {
            await delivery.AnswerAsync(delivery.GoodAnswer());
            late.Add(() => delivery.AnswerAsync(delivery.GoodAnswer(), answer => answer.MessageId += "/late"));
        });
        var job = await RunAsync(app, items: 20);
        await worker.StopAsync();

        foreach (var answerAsync in late)
        {
            await answerAsync();
        }

        await SweepAsync(app);

        Assert.Equal(10, late.Count);
        await Invariants.CheckAsync(app, job);
        Assert.Equal(20, job.Items.Succeeded);
    }

    [Fact]
    public async Task Run_WorkerAnswersAfterItsChunkWasGivenToAnother_CountsTheFirstAnswer()
    {
        await using var app = await StartAsync();
        Delivery? slow = null;
        await using var worker = new StandInWorker(app, async delivery =>
        {
            if (slow is null)
            {
                slow = delivery;
                await delivery.AbandonAsync();
                return;
            }

            await delivery.AnswerAsync(delivery.GoodAnswer());
            await slow.AnswerAsync(slow.GoodAnswer().Replace("done", "slow", StringComparison.Ordinal), answer => answer.MessageId += "/slow");
        });

        var job = await RunAsync(app, items: 2);
        await worker.StopAsync();
        await SweepAsync(app);

        await Invariants.CheckAsync(app, job);
        Assert.Equal("done", (await app.Jobs.ResultsAsync(job.Id).FirstAsync(Token)).Output?.GetString());
    }

    [Fact]
    public async Task Run_AnswersAlsoGoToTheWrongPlaces_AreKeptApart()
    {
        await using var app = await StartAsync();
        await using var worker = new StandInWorker(app, async delivery =>
        {
            var job = delivery.Chunk.Id.Job;
            await delivery.AnswerAsync("stray", answer => (answer.MessageId, answer.SessionId) = (answer.MessageId + "/1", "nobody's"));
            await delivery.AnswerAsync("stray", answer => (answer.MessageId, answer.SessionId) = (answer.MessageId + "/2", $"{job}/77"));
            await delivery.AnswerAsync("stray", answer => (answer.MessageId, answer.CorrelationId) = (answer.MessageId + "/3", null));
            await delivery.AnswerAsync("stray", answer => (answer.MessageId, answer.CorrelationId) = (answer.MessageId + "/4", $"{job}/0/77"));
            await delivery.AnswerAsync(delivery.GoodAnswer());
        });

        var job = await RunAsync(app, items: 2);
        await worker.StopAsync();
        await SweepAsync(app);

        // What came into the page's session without being an answer to it waits for a person.
        await DiscardParkedAsync(app, 2);
        await Invariants.CheckAsync(app, job);
        Assert.Equal(2, job.Items.Succeeded);
    }

    [Fact]
    public async Task Run_WorkerGivesEachDeliveryOfAChunkBack_FailsItsItems()
    {
        await using var app = await StartAsync();
        var deliveries = 0;
        await using var worker = new StandInWorker(app, async delivery =>
        {
            if (delivery.Chunk.Id.Chunk == 1)
            {
                deliveries++;
                await delivery.AbandonAsync();
                return;
            }

            await delivery.AnswerAsync(delivery.GoodAnswer());
        });

        var job = await RunAsync(app, items: 6);

        await Invariants.CheckAsync(app, job);
        // Five deliveries of both, and five of each by itself.
        Assert.Equal((4, 2, 15), (job.Items.Succeeded, job.Items.Failed, deliveries));
        var errors = await app.Jobs.ErrorsAsync(job.Id).ToListAsync(Token);
        Assert.Equal([("i2", "worker_lost"), ("i3", "worker_lost")], errors.Select(line => (line.Id, line.Error?.Code)));
    }

    [Fact]
    public async Task Run_WorkerDeadLettersAChunk_FailsItsItemsWithItsWords()
    {
        await using var app = await StartAsync();
        await using var worker = new StandInWorker(app, delivery => delivery.Chunk.Id.Chunk == 0
            ? delivery.DeadLetterAsync("UnknownModel", "This worker does not serve it.")
            : delivery.AnswerAsync(delivery.GoodAnswer()));

        var job = await RunAsync(app, items: 4);

        await Invariants.CheckAsync(app, job);
        var errors = await app.Jobs.ErrorsAsync(job.Id).ToListAsync(Token);
        Assert.Equal(["i0", "i1"], errors.Select(line => line.Id));
        Assert.Contains("UnknownModel. This worker does not serve it.", errors[0].Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WorkerCompletesAChunkWithoutAnAnswer_FailsItsItemsAfterMaxIdle()
    {
        await using var app = await StartAsync("Jobs:MaxIdle=00:00:01", "Jobs:CollectSlice=00:00:01");
        Delivery? kept = null;
        await using var worker = new StandInWorker(app, async delivery =>
        {
            if (delivery.Chunk.Id is { Page: 1, Chunk: 100 })
            {
                kept = delivery;
                return;
            }

            await delivery.AnswerAsync(delivery.GoodAnswer());
        });

        // 200 chunks make a page.
        var job = await RunAsync(app, items: 1200);
        await worker.StopAsync();

        Assert.Equal((1198, 2), (job.Items.Succeeded, job.Items.Failed));
        Assert.All(await app.Jobs.ErrorsAsync(job.Id).ToListAsync(Token), line => Assert.Equal("no_answer", line.Error?.Code));

        // And if it answers after all: the job stays as it is, and nothing is left.
        await kept!.AnswerAsync(kept.GoodAnswer());
        await SweepAsync(app);
        Assert.Equal(1198, await app.Jobs.ResultsAsync(job.Id).CountAsync(Token));
        await QueueInvariants.CheckAsync(app);
    }

    private static async Task<Job> RunAsync(LocalApp app, int items)
    {
        var lines = Enumerable.Range(0, items).Select(i => $$"""{"id":"i{{i}}","input":{{i}}}""");
        var job = await app.Jobs.SubmitAsync("?model=foreign&chunkItems=2", lines);
        return await app.Jobs.WaitAsync(job.Id);
    }

    /// <summary>Does now what is due every hour.</summary>
    private static Task SweepAsync(LocalApp app) => ActivatorUtilities.CreateInstance<SweepAnswers>(app.Services)
        .Run(new TimerInfo(), app.Services.GetRequiredService<DurableTaskClient>(), Token);

    /// <summary>Looks at what is parked as a person does, and discards it.</summary>
    private static async Task DiscardParkedAsync(LocalApp app, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await using var session = await app.Services.GetRequiredService<ServiceBusClient>().AcceptNextSessionAsync(Queues.Parked, cancellationToken: Token);
            var message = await session.ReceiveMessageAsync(cancellationToken: Token);
            Assert.Equal("UnreadableResult", message!.ApplicationProperties["modeljobs-reason"]);
            await session.CompleteMessageAsync(message, Token);
        }
    }

    private Task<LocalApp> StartAsync(params string[] settings) => LocalApp.StartAsync(storage, ["Models:foreign:Runner=external", .. settings]);
}
