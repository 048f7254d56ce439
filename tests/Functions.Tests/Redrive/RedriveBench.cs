using Microsoft.Extensions.Configuration;
using ModelJobs.Contracts;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Submit;
using ModelJobs.Functions.Tests.Status;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Redrive;

/// <summary>Redrives a job of 4 pages that has ended. The models "model" and "other" run here, "far" runs with external workers.</summary>
internal sealed class RedriveBench(FlowBench bench)
{
    public StatusBench Status { get; } = new(bench);

    public WebhookSettings Webhooks { get; } = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A job that has ended with failed and canceled items, and what it was stopped for.</summary>
    public async Task EndAsync(long failed, long canceled = 0, JobError? stopped = null, JobOptions? options = null)
    {
        await bench.StoreAsync(JobBlobs.Plan(FlowBench.Job), new byte[4 * PagePlan.Width]);
        var totals = new Totals(100 - failed - canceled, failed, canceled, 0);
        var run = options is null ? StatusBench.Run : StatusBench.Run with { Job = StatusBench.Run.Job with { Options = options } };
        Status.HasEnded(new JobProgress(4, 4, totals, StatusBench.Planned, [], 0), StatusBench.Planned, stopped, run);
    }

    public async Task<(int Status, string Body)> RedriveAsync(string? json = null, string contentType = "application/json")
    {
        using var models = Models();
        var function = Function(models);
        return await StatusBench.AnswerAsync(
            request => function.Redrive(request, FlowBench.Job, Status.Durable, Token), json: json, contentType: contentType);
    }

    public async Task<(int Status, string Body)> DiscardAsync(string? json = null)
    {
        using var models = Models();
        var function = Function(models);
        return await StatusBench.AnswerAsync(request => function.DiscardParked(request, FlowBench.Job, Status.Durable, Token), json: json);
    }

    /// <summary>What the round that was started last is about.</summary>
    public Task<RedriveSelection> SelectionAsync() =>
        RedriveSelection.ReadAsync(bench.Blobs, Status.Durable.LastRun!.Redrive!.Selection, Token);

    private static ModelCatalog Models() => new(
        new ConfigurationBuilder().AddInMemoryCollection(
            [new("Models:model:Runner", "none"), new("Models:other:Runner", "none"), new("Models:far:Runner", "external")]).Build(),
        [new RunnerKind("external", Create: null)]);

    private RedriveJob Function(ModelCatalog models) =>
        new(
            Status.Jobs,
            Status.Controls,
            bench.Blobs,
            new RunSettings(models, new WebhookPolicy(Webhooks)),
            new SubmissionLimits(bench.Settings, bench.Time),
            bench.Settings,
            bench.Time);
}
