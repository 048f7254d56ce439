using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>
/// Runs one job: plan, pages in a window, output; again for a redrive. Its history grows with pages, never with chunks or items.
/// </summary>
internal static class JobOrchestrator
{
    /// <summary>Name of the event that says that the job's control has changed; its payload is the <see cref="JobControl"/>.</summary>
    public const string ControlEvent = "control";

    /// <summary>Pages after which the history starts anew; some six events a page keep an execution near a thousand.</summary>
    private const int PagesPerExecution = 150;

    /// <summary>How often a paused job looks whether it was resumed, in case it was not told.</summary>
    private static readonly TimeSpan PausedPoll = TimeSpan.FromMinutes(5);

    /// <summary>Runs the job without anybody to tell of its end.</summary>
    public static Task<JobSummary> Run(TaskOrchestrationContext context) => Run(context, function: null);

    [Function(nameof(JobOrchestrator))]
    public static async Task<JobSummary> Run([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext? function)
    {
        var run = context.GetInput<JobRun>() ?? throw new InvalidOperationException("A job orchestration needs a JobRun.");
        if (run.Control.State == ControlState.Paused)
        {
            context.ContinueAsNew(await WaitAsync(context, run));
            return Summary(run);
        }

        run = await PlanAsync(context, run);
        try
        {
            run = await RunPagesAsync(context, run);
        }
        catch (TaskFailedException failure)
        {
            await CloseLanesAsync(context, run.Job.Id, Enumerable.Range(0, run.Lanes));
            await TellWebhookAsync(context, run, summary: null, JobReader.ErrorOf(failure.GetType().ToString(), failure.Message));
            TellEnd(context, function, run, JobStatus.Failed);
            throw;
        }

        if (run.Carried.Count > 0 || (run.NextPage < run.Pages && !(run.Redrive is not null && run.Control.State == ControlState.Stopped)))
        {
            context.ContinueAsNew(run);
        }
        else
        {
            await CloseLanesAsync(context, run.Job.Id, run.LaneChunks.Index().Where(lane => lane.Item > 0).Select(lane => lane.Index));
            await TellWebhookAsync(context, run, Summary(run));
            TellEnd(context, function, run, Summary(run).Status);
        }

        return Summary(run);
    }

    // Once, like a line in the log: a replay comes by here again.
    private static void TellEnd(TaskOrchestrationContext context, FunctionContext? function, JobRun run, JobStatus status)
    {
        if (!context.IsReplaying && function is not null)
        {
            function.InstanceServices.GetRequiredService<JobMetrics>()
                .JobEnded(run.Job.Model, status.ToString(), Summary(run).Stopped?.Code == JobControl.DeadlineExceeded);
            JobSpans.End(function.TraceContext, run.Job.Id, run.Job.Model, status.ToString());
        }
    }

    // Begins it only, so that who waits for the job does not wait for its receiver; and a job whose webhook cannot be told has ended all the same.
    private static async Task TellWebhookAsync(TaskOrchestrationContext context, JobRun run, JobSummary? summary, JobError? failure = null)
    {
        if (run.Job.Options.Webhook is null)
        {
            return;
        }

        try
        {
            var end = new EndedRound(run.Job.Id, run.Round, summary, failure, context.CurrentUtcDateTime);
            await context.CallActivityAsync(nameof(BeginWebhook), end, DurableRetries.Brief);
        }
        catch (TaskFailedException)
        {
            // The job's status says that nobody was told.
        }
    }

    // A job that was stopped when all its items had come to their end already was not ended early.
    private static JobSummary Summary(JobRun run) =>
        new(run.Job.Items, run.Totals, run.Totals.Canceled > 0 || run.Control.Reason?.Code == JobControl.ToleranceExceeded ? run.Control.Reason : null);

    private static async Task<JobRun> RunPagesAsync(TaskOrchestrationContext context, JobRun run)
    {
        var room = PagesPerExecution - run.Carried.Count;
        var pages = run.Pages ?? throw new InvalidOperationException("The job has no plan.");
        if (run.Redrive is null)
        {
            var end = Math.Min(pages, run.NextPage + room);
            return await new PageWindow(context, run, [.. Enumerable.Range(run.NextPage, end - run.NextPage)], end).RunAsync();
        }

        if (room <= 0 || run.NextPage >= pages || run.Control.State == ControlState.Stopped)
        {
            return await new PageWindow(context, run, [], run.NextPage).RunAsync();
        }

        var order = new FindParkedOrder(run.Job.Id, run.Round, run.NextPage, pages, room);
        var found = await context.CallActivityAsync<ParkedPages>(nameof(FindParkedPages), order, DurableRetries.Storage);
        return await new PageWindow(context, run, found.Pages, found.NextPage).RunAsync();
    }

    // Waits for the event; looks itself now and then, since the call that resumed the job may have ended before it could send one.
    private static async Task<JobRun> WaitAsync(TaskOrchestrationContext context, JobRun run)
    {
        using var waiting = new CancellationTokenSource();
        var told = context.WaitForExternalEvent<JobControl>(ControlEvent, waiting.Token);
        var poll = context.CreateTimer(PausedPoll, waiting.Token);
        var first = await Task.WhenAny(told, poll);
        var control = first == told ? await told : await context.CallActivityAsync<JobControl>(nameof(ChangeControl.ReadControl), run.Job.Id, DurableRetries.Storage);
#pragma warning disable CA1849 // CancelAsync would go on on another thread, which an orchestrator must not.
        waiting.Cancel();
#pragma warning restore CA1849
        if (control.State == ControlState.Paused && run.EndsBy <= context.CurrentUtcDateTime)
        {
            control = await context.CallActivityAsync<JobControl>(nameof(ChangeControl.StopJob), PageWindow.PastDeadline(run), DurableRetries.Storage);
        }

        return run.Under(control);
    }

    private static async Task CloseLanesAsync(TaskOrchestrationContext context, string job, IEnumerable<int> lanes)
    {
        var order = new LanesToClose(job, [.. lanes]);
        if (order.Lanes.Count > 0)
        {
            await context.CallActivityAsync(nameof(CloseLanes), order, DurableRetries.Storage);
        }
    }

    private static async Task<JobRun> PlanAsync(TaskOrchestrationContext context, JobRun run)
    {
        if (run.StartedAt is null)
        {
            run = run with { StartedAt = context.CurrentUtcDateTime };
            if (run.Redrive is { } redrive)
            {
                // Once, and before anything is dispatched: what is parked again comes later.
                await context.CallActivityAsync(nameof(ClearParked), new ClearOrder(run.Job.Id, redrive.Selection), DurableRetries.Storage);
            }
        }

        if (run.Pages is not null)
        {
            return run;
        }

        var order = new PlanOrder(run.Job.Id, run.Job.Input, run.Job.Items, run.Job.Options.ChunkItems ?? JobLimits.DefaultChunkItems);
        var plan = await context.CallActivityAsync<PlanReport>(nameof(PlanJob), order, DurableRetries.Storage);
        return run with { Pages = plan.Pages, StartedAt = context.CurrentUtcDateTime };
    }
}
