using Microsoft.AspNetCore.Http;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Http;

/// <summary>The answers that carry a job.</summary>
internal static class JobAnswers
{
    /// <summary>200 with the job, as it stands.</summary>
    public static IResult ToResult(this Job job) => Results.Json(job, ContractsJson.Wire.Job);

    /// <summary>202 with the job and where its progress can be asked for.</summary>
    public static IResult ToAccepted(this Job job, HttpRequest request)
    {
        request.HttpContext.Response.Headers["Operation-Location"] = $"{request.Scheme}://{request.Host}{job.Links.Self}";
        request.HttpContext.Response.Headers.RetryAfter = "1";
        return Results.Json(job, ContractsJson.Wire.Job, statusCode: StatusCodes.Status202Accepted);
    }
}
