using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Dispatch;

/// <summary>What to close.</summary>
/// <param name="JobId">A job whose every chunk has answered.</param>
/// <param name="Lanes">The lanes that had chunks.</param>
internal sealed record LanesToClose(string JobId, IReadOnlyList<int> Lanes);

/// <summary>
/// Removes what a finished job left in its lanes: their session states, which Service Bus would keep forever, and chunks that came
/// a second time.
/// </summary>
internal sealed class CloseLanes(ServiceBusClient client)
{
    private const int Parallelism = 16;
    private const int DrainBatch = 100;
    private static readonly TimeSpan DrainWait = TimeSpan.FromSeconds(5);

    [Function(nameof(CloseLanes))]
    public Task Run([ActivityTrigger] LanesToClose order, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(order.Lanes, options, async (lane, token) => await CloseAsync(order.JobId, lane, token));
    }

    private async Task CloseAsync(string job, int lane, CancellationToken cancellationToken)
    {
        await using var session = await client.AcceptSessionAsync(
            Queues.OrderedChunks, Queues.LaneSession(job, lane), cancellationToken: cancellationToken);
        // Duplicates are rare, so look before waiting for them.
        while (await session.PeekMessageAsync(cancellationToken: cancellationToken) is not null
            && await session.ReceiveMessagesAsync(DrainBatch, DrainWait, cancellationToken) is { Count: > 0 } duplicates)
        {
            await Task.WhenAll(duplicates.Select(duplicate => session.CompleteMessageAsync(duplicate, cancellationToken)));
        }

        await session.SetSessionStateAsync(null, cancellationToken);
    }
}
