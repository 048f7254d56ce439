using Microsoft.AspNetCore.Http;
using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Http;

/// <summary>The refusals of the API, each with what to do about it.</summary>
internal static class Problems
{
    private const int MaxDetail = 2000;
    private const string ContentType = "application/problem+json";

    public static ProblemException BadInput(string detail, long? line = null, long? column = null) =>
        new(new Problem
        {
            Type = "/problems/bad-input",
            Title = "The input is not valid",
            Status = StatusCodes.Status400BadRequest,
            Detail = Short(detail),
            Line = line,
            Column = column,
        });

    public static ProblemException BadOption(string detail) => Create("bad-option", "An option is not valid", StatusCodes.Status400BadRequest, detail);

    public static ProblemException UnknownModel(string model, IEnumerable<string> known) => Create(
        "unknown-model",
        "There is no such model",
        StatusCodes.Status400BadRequest,
        $"'{model}' is not configured. Configured models: {string.Join(", ", known.Order(StringComparer.Ordinal))}. Add one with the setting Models__{{name}}__Runner.");

    public static ProblemException UnknownJob(string id) => Create(
        "unknown-job",
        "There is no such job",
        StatusCodes.Status404NotFound,
        $"No job has the id '{id}'. GET /api/jobs lists the jobs there are.");

    public static ProblemException NotAuthenticated() => Create(
        "not-authenticated",
        "The caller is not known",
        StatusCodes.Status401Unauthorized,
        "Send a token of Microsoft Entra ID for this API, as 'Authorization: Bearer …'. docs/api.md says how to get one.");

    public static ProblemException TooManyOpenJobs(int limit, TimeSpan retryAfter) => TooMany(
        $"{limit} of your jobs have not ended, and that many there may be (Jobs:MaxOpenJobs). Wait for some to end, cancel some, or submit more items in one job.",
        retryAfter);

    public static ProblemException TooManySubmissions(int limit, TimeSpan retryAfter) => TooMany(
        $"You submit more than {limit} jobs a minute (Jobs:MaxSubmissionsPerMinute). Submit again later, or more items in one job.", retryAfter);

    public static ProblemException ContentTypeNotSupported(string? contentType) => Create(
        "unsupported-content-type",
        "The content type is not supported",
        StatusCodes.Status415UnsupportedMediaType,
        $"{(string.IsNullOrEmpty(contentType) ? "No content type" : $"The content type '{contentType}'")} was sent. Send application/x-ndjson (one item a line, ?model=NAME in the query) or application/json ({{\"model\":…,\"items\":[…]}}).");

    public static ProblemException JsonExpected(string? contentType, string body) => Create(
        "unsupported-content-type",
        "The content type is not supported",
        StatusCodes.Status415UnsupportedMediaType,
        $"'{contentType}' was sent. Send application/json: {body}.");

    public static ProblemException TooLarge(string detail) => Create("too-large", "The request is too large", StatusCodes.Status413PayloadTooLarge, detail);

    public static ProblemException BadRequest(int status) => Create(
        "bad-request",
        "The request could not be read",
        status,
        status == StatusCodes.Status413PayloadTooLarge
            ? "The body is larger than this host takes; submit fewer items at a time. docs/limits.md says what limits it."
            : "The connection ended before the body did, or its headers do not fit it; send it again.");

    public static ProblemException KeyReused(string job) => Create(
        "idempotency-key-reused",
        "The idempotency key belongs to another request",
        StatusCodes.Status409Conflict,
        $"This Idempotency-Key made job '{job}' from different items, model or options. Use a new key, or repeat the first request unchanged.");

    public static ProblemException JobEnded(string id, string verb) => Create(
        "job-ended",
        "The job has ended",
        StatusCodes.Status409Conflict,
        $"Job '{id}' has ended, so there is nothing to {verb}. POST /api/jobs/{id}/redrive runs its failed and canceled items again.");

    public static ProblemException JobStopping(string id, JobError? reason) => Create(
        "job-stopping",
        "The job is being ended",
        StatusCodes.Status409Conflict,
        $"Job '{id}' is being ended ({reason?.Code}): what has not run is being reported as canceled. Wait for its end, "
        + $"then POST /api/jobs/{id}/redrive runs those items.");

    public static ProblemException JobRunning(string id, string what) => Create(
        "job-running",
        "The job has not ended",
        StatusCodes.Status409Conflict,
        $"Job '{id}' has not ended, and {what} needs a job that has. Wait for its end (GET /api/jobs/{id} with Prefer: wait=60), or POST /api/jobs/{id}/cancel.");

    public static ProblemException JobIncomplete(string id) => Create(
        "job-incomplete",
        "The job did not come to its end",
        StatusCodes.Status409Conflict,
        $"Job '{id}' failed as a whole or was terminated, so some of its items have no line and cannot be redriven. Submit the items that are missing as a new job.");

    public static ProblemException TooManyRounds(string id) => Create(
        "too-many-rounds",
        "The job was sent too often",
        StatusCodes.Status409Conflict,
        $"Job '{id}' was resumed, redriven or sent again {DispatchNumber.MaxEpoch} times, and there are no numbers left for another. Submit its items as a new job.");

    public static ProblemException BeingPurged(string id) => Create(
        "job-being-purged",
        "The job is being deleted",
        StatusCodes.Status409Conflict,
        $"Job '{id}' is being deleted; it will be gone soon. Submit its items as a new job.");

    public static ProblemException NotPurged(string id, string? reason) => Create(
        "job-not-deleted",
        "The job could not be deleted",
        StatusCodes.Status500InternalServerError,
        $"Deleting job '{id}' failed: {reason ?? "the log says why"}. What is left of it is still there; DELETE it again.");

    /// <summary>The answer that carries a problem.</summary>
    public static IResult ToResult(this Problem problem) =>
        Results.Json(problem, ContractsJson.Wire.Problem, ContentType, problem.Status);

    private static ProblemException TooMany(string detail, TimeSpan retryAfter) =>
        new(Create("too-many-jobs", "There are too many jobs", StatusCodes.Status429TooManyRequests, detail).Problem) { RetryAfter = retryAfter };

    // What was sent is echoed in details; it may be anything.
    private static string Short(string detail) => detail.Length <= MaxDetail ? detail : detail[..MaxDetail] + "…";

    private static ProblemException Create(string kind, string title, int status, string detail) =>
        new(new Problem { Type = $"/problems/{kind}", Title = title, Status = status, Detail = Short(detail) });
}

/// <summary>Thrown where a request turns out to be refused; the HTTP functions answer with its problem.</summary>
#pragma warning disable CA1032 // Without a problem it would say nothing.
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail)
#pragma warning restore CA1032
{
    /// <summary>What to answer.</summary>
    public Problem Problem { get; } = problem;

    /// <summary>When to call again; null if that would not help.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
