using Microsoft.Azure.Functions.Worker;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Redrive;

/// <summary>A job whose parked items were redriven or discarded.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Selection">Name of the blob that says which.</param>
internal sealed record ClearOrder(string JobId, string Selection);

/// <summary>
/// Removes the parked messages of the items that a round is about, before it begins: those that are parked again come later. Running it
/// again removes what is left.
/// </summary>
internal sealed class ClearParked(JobBlobs blobs, ParkedMessages messages)
{
    [Function(nameof(ClearParked))]
    public async Task Run([ActivityTrigger] ClearOrder order, CancellationToken cancellationToken) => await messages.RemoveAsync(
        order.JobId, await RedriveSelection.ReadAsync(blobs, order.Selection, cancellationToken), cancellationToken);
}
