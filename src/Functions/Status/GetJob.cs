using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Http;

namespace ModelJobs.Functions.Status;

/// <summary><c>GET /api/jobs/{id}</c>. With <c>Prefer: wait=N</c> (RFC 7240) it answers when the job has ended, or after N seconds.</summary>
internal sealed class GetJob(JobReader jobs, TimeProvider time)
{
    [Function(nameof(GetJob))]
    public async Task<IResult> Run(
        [HttpTrigger(BuiltAccess.Level, "get", Route = "jobs/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        if (WaitOf(request) is { } wait && !(await JobReader.InstanceAsync(durable, id, cancellationToken)).IsCompleted)
        {
            await JobCompletion.WaitAsync(durable, id, wait, time, cancellationToken);
        }

        var job = await jobs.ReadAsync(durable, id, cancellationToken);
        if (job.CompletedAt is null)
        {
            request.HttpContext.Response.Headers.RetryAfter = "1";
        }

        return job.ToResult();
    }

    private static TimeSpan? WaitOf(HttpRequest request)
    {
        const string Wait = "wait=";
        var preference = request.Headers["Prefer"].SelectMany(header => (header ?? "").Split([',', ';'], StringSplitOptions.TrimEntries))
            .FirstOrDefault(part => part.StartsWith(Wait, StringComparison.OrdinalIgnoreCase));
        return int.TryParse(preference?[Wait.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(Math.Min(seconds, JobLimits.MaxWaitSeconds))
            : null;
    }
}
