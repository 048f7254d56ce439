using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Http;

namespace ModelJobs.Functions.Status;

/// <summary>
/// <c>GET /api/jobs?top=N</c>: the jobs that the caller may see, newest first, in pages. Back ends list by id, and <see cref="JobId"/> makes that
/// so; who sees the jobs of several owners sees them owner by owner.
/// </summary>
internal sealed class ListJobs(JobReader jobs)
{
    [Function(nameof(ListJobs))]
    public async Task<IResult> Run(
        [HttpTrigger(BuiltAccess.Level, "get", Route = "jobs")] HttpRequest request,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        var top = TopOf(request);
        var caller = Caller.Of(request);
        var query = new OrchestrationQuery
        {
            InstanceIdPrefix = caller.ListPrefix,
            PageSize = top,
            FetchInputsAndOutputs = true,
        };
        string? continuation = request.Query["continuation"];
        await foreach (var page in durable.GetAllInstancesAsync(query).AsPages(string.IsNullOrEmpty(continuation) ? null : continuation, top)
            .WithCancellation(cancellationToken))
        {
            return Results.Json(await ToListAsync(page, top, caller, cancellationToken), ContractsJson.Wire.JobList);
        }

        return Results.Json(new JobList([], null), ContractsJson.Wire.JobList);
    }

    private async Task<JobList> ToListAsync(Page<OrchestrationMetadata> page, int top, Caller caller, CancellationToken cancellationToken)
    {
        var listed = await Task.WhenAll(
            page.Values.Where(instance => JobId.IsValid(instance.InstanceId) && caller.MaySee(instance.InstanceId)).Select(instance => jobs.ListAsync(instance, cancellationToken)));
        var next = string.IsNullOrEmpty(page.ContinuationToken)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"/api/jobs?top={top}&continuation={Uri.EscapeDataString(page.ContinuationToken)}");
        return new JobList([.. listed.OrderByDescending(job => job.CreatedAt)], next);
    }

    private static int TopOf(HttpRequest request)
    {
        string? text = request.Query["top"];
        return text switch
        {
            null => JobLimits.DefaultListedJobs,
            _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var top) && top is >= 1 and <= JobLimits.MaxListedJobs => top,
            _ => throw Problems.BadOption($"top must be 1 to {JobLimits.MaxListedJobs}, not '{text}'."),
        };
    }
}
