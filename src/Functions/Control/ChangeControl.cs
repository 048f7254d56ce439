using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Control;

/// <summary>A job to be stopped.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Reason">What its canceled items say.</param>
internal sealed record StopOrder(string JobId, JobError Reason);

/// <summary>A job of which everything unanswered is to be sent again.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Epoch">The epoch in which it was sent; nothing is done if the job is not in it any more.</param>
internal sealed record SendAgainOrder(string JobId, int Epoch);

/// <summary>The changes of a job's control that its orchestration makes. Each gives the control that holds then.</summary>
internal sealed class ChangeControl(JobControls controls)
{
    [Function(nameof(StopJob))]
    public Task<JobControl> StopJob([ActivityTrigger] StopOrder order, CancellationToken cancellationToken) =>
        controls.ChangeAsync(order.JobId, control => control.Stop(order.Reason), cancellationToken);

    [Function(nameof(SendAgain))]
    public Task<JobControl> SendAgain([ActivityTrigger] SendAgainOrder order, CancellationToken cancellationToken) =>
        controls.ChangeAsync(order.JobId, control => control.SendAgain(order.Epoch), cancellationToken);

    [Function(nameof(ReadControl))]
    public Task<JobControl> ReadControl([ActivityTrigger] string job, CancellationToken cancellationToken) =>
        controls.ReadAsync(job, cancellationToken);
}
