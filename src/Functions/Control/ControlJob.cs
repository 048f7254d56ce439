using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Status;

namespace ModelJobs.Functions.Control;

/// <summary>
/// <c>POST /api/jobs/{id}/cancel</c>, <c>/pause</c> and <c>/resume</c>. Each changes the job's control, which is what counts, and tells the
/// orchestration, so that it need not find out. A call that is repeated changes nothing, and tells it again.
/// </summary>
internal sealed class ControlJob(JobReader jobs, JobControls controls)
{
    private static readonly JobError ByAPerson = new(JobControl.Canceled, "The job was canceled before the item was run.");

    [Function(nameof(CancelJob))]
    public async Task<IResult> CancelJob(
        [HttpTrigger(BuiltAccess.Level, "post", Route = "jobs/{id}/cancel")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        var instance = await JobReader.InstanceAsync(durable, id, cancellationToken);
        if (instance.IsCompleted)
        {
            return (await jobs.ReadAsync(instance, cancellationToken)).ToResult();
        }

        var control = await controls.ChangeAsync(id, current => current.Stop(ByAPerson), cancellationToken);
        return await TellAsync(request, durable, instance, control, cancellationToken);
    }

    [Function(nameof(PauseJob))]
    public async Task<IResult> PauseJob(
        [HttpTrigger(BuiltAccess.Level, "post", Route = "jobs/{id}/pause")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        var instance = await RunningAsync(durable, id, "pause", cancellationToken);
        var control = await controls.ChangeAsync(id, current => NotStopped(id, current).Pause(), cancellationToken);
        return await TellAsync(request, durable, instance, control, cancellationToken);
    }

    [Function(nameof(ResumeJob))]
    public async Task<IResult> ResumeJob(
        [HttpTrigger(BuiltAccess.Level, "post", Route = "jobs/{id}/resume")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        var instance = await RunningAsync(durable, id, "resume", cancellationToken);
        var control = await controls.ChangeAsync(id, current => Resumed(id, NotStopped(id, current)), cancellationToken);
        return await TellAsync(request, durable, instance, control, cancellationToken);
    }

    private static async Task<OrchestrationMetadata> RunningAsync(
        DurableTaskClient durable, string id, string verb, CancellationToken cancellationToken)
    {
        var instance = await JobReader.InstanceAsync(durable, id, cancellationToken);
        return instance.IsCompleted ? throw Problems.JobEnded(id, verb) : instance;
    }

    private static JobControl NotStopped(string id, JobControl control) =>
        control.State == ControlState.Stopped ? throw Problems.JobStopping(id, control.Reason) : control;

    private static JobControl? Resumed(string id, JobControl control) =>
        control.Resume() is not { } resumed ? null
        : resumed.Epoch > DispatchNumber.MaxEpoch ? throw Problems.TooManyRounds(id)
        : resumed;

    private async Task<IResult> TellAsync(
        HttpRequest request, DurableTaskClient durable, OrchestrationMetadata instance, JobControl control, CancellationToken cancellationToken)
    {
        var id = instance.InstanceId;
        try
        {
            await durable.RaiseEventAsync(id, JobOrchestrator.ControlEvent, control, cancellationToken);
            // An operator's tool can suspend an orchestration, which then hears nothing.
            if (control.State != ControlState.Paused && instance.RuntimeStatus == OrchestrationRuntimeStatus.Suspended)
            {
                await durable.ResumeInstanceAsync(id, cancellation: cancellationToken);
            }
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Back ends refuse events to an orchestration that has ended, each with an exception of its own.
            if (await durable.GetInstanceAsync(id, cancellationToken) is { IsCompleted: false })
            {
                throw;
            }
        }

        var job = await jobs.ReadAsync(durable, id, cancellationToken);
        return job.CompletedAt is null ? job.ToAccepted(request) : job.ToResult();
    }
}
