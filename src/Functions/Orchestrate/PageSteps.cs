using Microsoft.DurableTask;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Redrive;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>What has become of a page.</summary>
/// <param name="Plan">The page.</param>
/// <param name="Complete">Whether every item has answered.</param>
/// <param name="Change">What the items have come to, as far as they have answered.</param>
/// <param name="Reopened">What they had come to before a redrive took them up, if it did so now.</param>
/// <param name="Control">What has come over the job; null if nothing has.</param>
internal sealed record PageEnd(PagePlan Plan, bool Complete, Totals Change, Totals Reopened, JobControl? Control)
{
    /// <summary>What the runs measured that the answers came from; null if nothing was measured.</summary>
    public RunSums? Sums { get; init; }

    /// <summary>Items that have answered.</summary>
    public long Answered => Change.Succeeded + Change.Failed + Change.Canceled + Change.Discarded;
}

/// <summary>The steps that a page takes, in one epoch of the job. Runs inside the job orchestrator: everything here must be deterministic.</summary>
internal sealed class PageSteps(TaskOrchestrationContext context, JobRun run)
{
    private static readonly Totals Nothing = new(0, 0, 0, 0);

    /// <summary>What pages have to know of the options: not the webhook's address, which may hold a token and is long, in the history of every page.</summary>
    private readonly JobOptions _options = run.Job.Options with { Webhook = null };

    private Task<DispatchReport>? _lastDispatch;

    /// <summary>The epoch that the pages are dispatched in.</summary>
    public int Epoch => run.Control.Epoch;

    /// <summary>The control that the pages were begun under.</summary>
    public JobControl Control => run.Control;

    /// <summary>Chunks dispatched in each lane once the last dispatch has ended.</summary>
    public async Task<IReadOnlyList<long>> LaneChunksAsync() => _lastDispatch is { } last ? (await last).LaneChunks : run.LaneChunks;

    /// <summary>Brings a page as far as it goes.</summary>
    /// <param name="page">Number of the page.</param>
    /// <param name="carried">What was begun of it in an execution before; null if it is new.</param>
    /// <param name="control">The job's control; if it is stopped, nothing of the page is run.</param>
    /// <param name="failed">Items that failed in the round so far.</param>
    /// <exception cref="TaskFailedException">A step failed, again and again.</exception>
    public Task<PageEnd> RunAsync(int page, CarriedPage? carried, JobControl control, long failed)
    {
        if (run.Redrive is { Discard: true } discard)
        {
            return DiscardAsync(page, discard);
        }

        if (control.State == ControlState.Stopped)
        {
            return carried is null ? CancelAsync(page, control) : CollectAsync(carried.Plan, carried, Nothing, control, failed);
        }

        var dispatch = DispatchAsync(page, carried, run.Lanes > 0 ? _lastDispatch : null);
        _lastDispatch = dispatch;
        return DispatchedAsync(carried, dispatch, control, failed);
    }

    private async Task<PageEnd> DispatchedAsync(CarriedPage? carried, Task<DispatchReport> dispatch, JobControl control, long failed)
    {
        var report = await dispatch;
        var reopened = carried is null ? new Totals(0, report.Reopened.Failed, report.Reopened.Canceled, 0) : Nothing;
        return await CollectAsync(report.Page, carried, reopened, control, failed);
    }

    // Chunks of a lane must be enqueued in input order, so a page with lanes waits until the page before it is dispatched
    // and goes on counting where that one ended. This is why pages are dispatched here and not in their own orchestration.
    private async Task<DispatchReport> DispatchAsync(int page, CarriedPage? carried, Task<DispatchReport>? previous)
    {
        if (carried is not null)
        {
            // What has answered since the page was interrupted is not sent again.
            var drain = CollectOrderOf(carried.Plan, failed: 0) with { DrainOnly = true };
            await context.CallActivityAsync<PageReport>(nameof(CollectPage), drain, DurableRetries.Storage);
        }

        var lanes = previous is null ? run.LaneChunks : (await previous).LaneChunks;
        return await context.CallActivityAsync<DispatchReport>(nameof(DispatchPage), Sent(page, lanes), DurableRetries.Storage);
    }

    private DispatchOrder Sent(int page, IReadOnlyList<long> lanes) =>
        new(run.Job.Id, run.Job.Input, run.Job.Model, page, _options, lanes, run.Job.External)
        {
            Epoch = Epoch,
            Round = run.Round,
            Dispatch = DispatchNumber.Of(Epoch),
            Redrive = run.Redrive?.Selection,
            Express = run.Express,
            Pages = run.Job.Pages,
        };

    private CollectOrder CollectOrderOf(PagePlan page, long failed) =>
        new(run.Job.Id, page, run.Job.Input, _options, run.Round, Epoch, run.Job.External)
        {
            // A redrive may run items on another.
            Model = run.Redrive is null ? run.Job.Model : null,
            MaxFailed = run.MaxFailed is { } most ? Math.Max(0, most - failed) : null,
            Express = run.Express,
        };

    private async Task<PageEnd> CollectAsync(PagePlan page, CarriedPage? carried, Totals reopened, JobControl control, long failed)
    {
        var order = new PageRun(CollectOrderOf(page, failed), Sent(page.Page, []), run.MaxIdle, run.StallAfter)
        {
            Answered = carried?.Answered ?? 0,
            IdleSince = run.IdleSince,
            Resent = run.SentAgain,
        };
        // A page is begun at most once under one control.
        var options = new SubOrchestrationOptions(instanceId: PageOrchestrator.InstanceId(run.Job.Id, page.Page, control.Version));
        var report = await context.CallSubOrchestratorAsync<PageReport>(nameof(PageOrchestrator), order, options);
        return new PageEnd(page, report.Complete, new Totals(report.Succeeded, report.Failed, report.Canceled, 0), reopened, report.Control) { Sums = report.Sums };
    }

    private async Task<PageEnd> CancelAsync(int page, JobControl control)
    {
        var reason = control.Reason ?? throw new InvalidOperationException("A job is stopped for a reason.");
        var order = new CancelOrder(run.Job.Id, page, run.Job.Input, _options, reason) { Pages = run.Job.Pages };
        var plan = await context.CallActivityAsync<PagePlan>(nameof(CancelPage), order, DurableRetries.Storage);
        return new PageEnd(plan, Complete: true, new Totals(0, 0, plan.Items, 0), Nothing, Control: null);
    }

    private async Task<PageEnd> DiscardAsync(int page, RedriveOrder redrive)
    {
        var order = new DiscardOrder(run.Job.Id, page, run.Round, redrive.Selection);
        var report = await context.CallActivityAsync<DiscardReport>(nameof(DiscardPage), order, DurableRetries.Storage);
        var (failed, canceled) = (report.Discarded.Failed, report.Discarded.Canceled);
        return new PageEnd(report.Page, Complete: true, new Totals(0, 0, 0, failed + canceled), new Totals(0, failed, canceled, 0), Control: null);
    }
}
