using ModelJobs.Cli.Client;
using ModelJobs.Cli.Input;
using ModelJobs.Cli.Output;
using ModelJobs.Cli.Progress;
using ModelJobs.Cli.Serve;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Commands;

/// <summary>One job of `jobs run`, from its submission to its end, and what there is to say on the way.</summary>
internal sealed class JobRun(CommandEnvironment environment, IRunningService service, JobsClient client, ResultFiles files)
{
    private const string UnknownModel = "/problems/unknown-model";

    private TextWriter Messages => environment.Console.Error;

    /// <summary>Submits the input and watches its job.</summary>
    /// <returns>The job as it ended.</returns>
    public async Task<Job> ToItsEndAsync(JobSubmission submission, JobInput input, CancellationToken cancellationToken)
    {
        Job? job = null;
        try
        {
            await MentionEarlierJobsAsync(cancellationToken);
            Messages.WriteLine($"Submitting {input.Name} to model {submission.Model}");
            job = await client.SubmitAsync(submission, input.Stream, cancellationToken);
            Messages.WriteLine($"Job {job.Id} accepted");
            files.DiscardEarlier();
            return await environment.WatchAsync(client, job.Id, cancellationToken);
        }
        catch (ServiceException refusal) when (refusal.ProblemType == UnknownModel)
        {
            throw new CommandException($"{refusal.Message} Settings file: {service.SettingsFile ?? "none"}.", refusal);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Messages.WriteLine(job is null ? "Stopped before the job was accepted. The same command starts it." : HowItGoesOn(job.Id, submission));
            throw;
        }
    }

    // Jobs outlive the command that started them; who wonders why this one is slow must know of them.
    private async Task MentionEarlierJobsAsync(CancellationToken cancellationToken)
    {
        var earlier = 0;
        await foreach (var job in client.ListAsync(JobLimits.MaxListedJobs, cancellationToken))
        {
            earlier += job.HasEnded() ? 0 : 1;
        }

        if (earlier > 0)
        {
            Messages.WriteLine($"{earlier} earlier {(earlier == 1 ? "job" : "jobs")} in {service.DataFolder} {(earlier == 1 ? "goes" : "go")} on beside this one");
        }
    }

    private string HowItGoesOn(string id, JobSubmission submission) =>
        $"Stopped before job {id} had ended; no results were written. " +
        $"It goes on with the next `jobs run` or `jobs serve` on {service.DataFolder}. " +
        (submission.IdempotencyKey is null
            ? "The same command would run its items again, as another job; one with --idempotency-key can be repeated."
            : "The same command takes it up again.");
}
