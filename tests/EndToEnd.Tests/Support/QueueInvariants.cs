using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Recover;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>
/// 3: nothing is lost, and nothing is left over: a dead letter has been answered for, and what is parked are items that their jobs report
/// as given up.
/// </summary>
internal static class QueueInvariants
{
    /// <summary>How long a function may take to complete a dead letter that it has answered for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task CheckAsync(LocalApp app)
    {
        var broker = app.Services.GetRequiredService<MessageBroker>();
        foreach (var queue in broker.Queues)
        {
            await Eventually.BecomesAsync(() => queue.Counts.DeadLetter == 0, Patience, $"There are dead letters left in {queue.Name}.");
        }

        var jobs = await app.Jobs.ListAsync();
        var (lost, refused) = (0, 0);
        foreach (var job in jobs.Where(job => job.Items.Failed > 0))
        {
            await foreach (var line in app.Jobs.ErrorsAsync(job.Id))
            {
                lost += line is { Status: ItemStatus.Failed, Error.Code: Poison.WorkerLost } ? 1 : 0;
                refused += line is { Status: ItemStatus.Failed, Error.Code: RecoverDeadLetter.DeadLettered } ? 1 : 0;
            }
        }

        // What an external worker has refused in its own words is not parked besides.
        Assert.InRange(broker.Find(Queues.Parked).Counts.Active, lost, lost + refused);

        // An answer is completed before its page is done; only a second one may come later.
        if (jobs.All(job => job.CompletedAt is not null))
        {
            Assert.Equal((0, 0), (broker.Find(Queues.Results).Counts.Active, broker.Find(Queues.OrderedChunks).Counts.Scheduled));
        }
    }

    /// <summary>Whether nothing is left in the queues that could still be run.</summary>
    public static bool IsAtRest(LocalApp app)
    {
        var broker = app.Services.GetRequiredService<MessageBroker>();
        return ((string[])[Queues.Chunks, Queues.ExpressChunks, Queues.OrderedChunks]).All(name => broker.Find(name).Counts == default);
    }

    /// <summary>Checks queues in which nothing has happened for longer than any lock lasts, after all jobs have ended.</summary>
    /// <param name="app">The app.</param>
    /// <param name="faults">How many faults struck: each may have led to one more answer to a page that was done.</param>
    public static void CheckAtRest(LocalApp app, int faults)
    {
        var broker = CheckNothingIsGivenUp(app);
        foreach (var name in (string[])[Queues.Chunks, Queues.ExpressChunks, Queues.OrderedChunks])
        {
            Assert.Equal((name, default), (name, broker.Find(name).Counts));
        }

        Assert.InRange(broker.Find(Queues.Results).Counts.Active, 0, faults);
    }

    private static MessageBroker CheckNothingIsGivenUp(LocalApp app)
    {
        var broker = app.Services.GetRequiredService<MessageBroker>();
        Assert.All(broker.Queues, queue => Assert.True(queue.Counts.DeadLetter == 0, $"{queue.Counts.DeadLetter} dead letters are left in {queue.Name}."));
        Assert.Equal(0, broker.Find(Queues.Parked).Counts.Active);
        return broker;
    }
}
