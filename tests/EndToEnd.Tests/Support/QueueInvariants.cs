using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>3: nothing is lost, and nothing is left over, in the queues once every job has ended.</summary>
internal static class QueueInvariants
{
    public static void Check(LocalApp app, Job job)
    {
        foreach (var queue in app.Services.GetRequiredService<MessageBroker>().Queues)
        {
            Assert.True(queue.Counts.DeadLetter == 0, $"{queue.Counts.DeadLetter} dead letters are left in {queue.Name} after job {job.Id}.");
        }
    }
}
