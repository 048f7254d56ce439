using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Purge;

/// <summary>
/// Deletes every hour what has had its time: jobs after their retention, and what submissions that died and instances that are gone have left. Does a bounded amount of work
/// at a time; the next time goes on where this one ended.
/// </summary>
internal sealed class Housekeeping(JobBlobs blobs, ExpiredJobs expired, OrphanedFolders folders, OrphanedMessages messages, BalanceEntries balances)
{
    private const string EveryHour = "0 10 * * * *";

    [Function(nameof(Housekeeping))]
    public async Task Run([TimerTrigger(EveryHour)] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellationToken)
    {
        await blobs.EnsureContainerAsync(cancellationToken);
        var cursor = await HousekeepingCursor.ReadAsync(blobs, cancellationToken);
        cursor = cursor with { Jobs = await expired.PurgeAsync(durable, cursor.Jobs, cancellationToken) };
        cursor = cursor with { Folders = await folders.PurgeAsync(durable, cursor.Folders, cancellationToken) };
        await cursor.WriteAsync(blobs, cancellationToken);
        await expired.ForgetPurgesAsync(durable, cancellationToken);
        await messages.ReportAsync(durable, cancellationToken);
        await balances.SweepAsync(cancellationToken);
    }
}
