using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>What a job's orchestration returns.</summary>
/// <param name="Items">Number of items.</param>
/// <param name="Succeeded">Those with a line in the output.</param>
/// <param name="Failed">Those with a line in the errors.</param>
internal sealed record JobSummary(long Items, long Succeeded, long Failed);

/// <summary>Runs one job: plan, pages in a window, output. Its history grows with pages, never with chunks or items.</summary>
internal static class JobOrchestrator
{
    /// <summary>Pages after which the history starts anew; some six events a page keep an execution near a thousand.</summary>
    private const int PagesPerExecution = 150;

    [Function(nameof(JobOrchestrator))]
    public static async Task<JobSummary> Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var run = context.GetInput<JobRun>() ?? throw new InvalidOperationException("A job orchestration needs a JobRun.");
        run = await PlanAsync(context, run);
        run = await new PageWindow(context, run).RunAsync(PagesPerExecution);
        if (run.NextPage < run.Pages)
        {
            context.ContinueAsNew(run);
        }
        else if (run.Lanes > 0)
        {
            var used = run.LaneChunks.Index().Where(lane => lane.Item > 0).Select(lane => lane.Index).ToList();
            await context.CallActivityAsync(nameof(CloseLanes), new LanesToClose(run.Job.Id, used), DurableRetries.Storage);
        }

        return new JobSummary(run.Job.Items, run.Succeeded, run.Failed);
    }

    private static async Task<JobRun> PlanAsync(TaskOrchestrationContext context, JobRun run)
    {
        if (run.Pages is not null)
        {
            return run;
        }

        var order = new PlanOrder(run.Job.Id, run.Job.Input, run.Job.Items, run.Job.Options.ChunkItems ?? JobLimits.DefaultChunkItems);
        var plan = await context.CallActivityAsync<PlanReport>(nameof(PlanJob), order, DurableRetries.Storage);
        return run with { Pages = plan.Pages, StartedAt = context.CurrentUtcDateTime };
    }
}
