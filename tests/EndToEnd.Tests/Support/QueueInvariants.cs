using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Functions.Messaging;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>3: nothing is lost, and nothing is left over: a dead letter has been answered for, and nothing had to be parked.</summary>
internal static class QueueInvariants
{
    public static async Task CheckAsync(LocalApp app)
    {
        var broker = CheckDeadLetters(app);

        // An answer is completed before its page is done; only a second one may come later.
        if ((await app.Jobs.ListAsync()).All(job => job.CompletedAt is not null))
        {
            Assert.Equal((0, 0), (broker.Find(Queues.Results).Counts.Active, broker.Find(Queues.OrderedChunks).Counts.Scheduled));
        }
    }

    /// <summary>Whether nothing is left in the queues that could still be run.</summary>
    public static bool IsAtRest(LocalApp app)
    {
        var broker = app.Services.GetRequiredService<MessageBroker>();
        return ((string[])[Queues.Chunks, Queues.OrderedChunks]).All(name => broker.Find(name).Counts == default);
    }

    /// <summary>Checks queues in which nothing has happened for longer than any lock lasts, after all jobs have ended.</summary>
    /// <param name="app">The app.</param>
    /// <param name="faults">How many faults struck: each may have led to one more answer to a page that was done.</param>
    public static void CheckAtRest(LocalApp app, int faults)
    {
        var broker = CheckDeadLetters(app);
        foreach (var name in (string[])[Queues.Chunks, Queues.OrderedChunks])
        {
            Assert.Equal((name, default), (name, broker.Find(name).Counts));
        }

        Assert.InRange(broker.Find(Queues.Results).Counts.Active, 0, faults);
    }

    private static MessageBroker CheckDeadLetters(LocalApp app)
    {
        var broker = app.Services.GetRequiredService<MessageBroker>();
        Assert.All(broker.Queues, queue => Assert.True(queue.Counts.DeadLetter == 0, $"{queue.Counts.DeadLetter} dead letters are left in {queue.Name}."));
        Assert.Equal(0, broker.Find(Queues.Parked).Counts.Active);
        return broker;
    }
}
