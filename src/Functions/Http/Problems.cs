using Microsoft.AspNetCore.Http;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Http;

/// <summary>The refusals of the API, each with what to do about it.</summary>
internal static class Problems
{
    private const string ContentType = "application/problem+json";

    public static ProblemException BadInput(string detail, long? line = null, long? column = null) =>
        new(new Problem
        {
            Type = "/problems/bad-input",
            Title = "The input is not valid",
            Status = StatusCodes.Status400BadRequest,
            Detail = detail,
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

    public static ProblemException ContentTypeNotSupported(string? contentType) => Create(
        "unsupported-content-type",
        "The content type is not supported",
        StatusCodes.Status415UnsupportedMediaType,
        $"'{contentType}' was sent. Send application/x-ndjson (one item a line, ?model=NAME in the query) or application/json ({{\"model\":…,\"items\":[…]}}).");

    public static ProblemException TooLarge(string detail) => Create("too-large", "The request is too large", StatusCodes.Status413PayloadTooLarge, detail);

    public static ProblemException KeyReused(string job) => Create(
        "idempotency-key-reused",
        "The idempotency key belongs to another request",
        StatusCodes.Status409Conflict,
        $"This Idempotency-Key made job '{job}' from different items, model or options. Use a new key, or repeat the first request unchanged.");

    /// <summary>The answer that carries a problem.</summary>
    public static IResult ToResult(this Problem problem) =>
        Results.Json(problem, ContractsJson.Wire.Problem, ContentType, problem.Status);

    private static ProblemException Create(string kind, string title, int status, string detail) =>
        new(new Problem { Type = $"/problems/{kind}", Title = title, Status = status, Detail = detail });
}

/// <summary>Thrown where a request turns out to be refused; the HTTP functions answer with its problem.</summary>
#pragma warning disable CA1032 // Without a problem it would say nothing.
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail)
#pragma warning restore CA1032
{
    /// <summary>What to answer.</summary>
    public Problem Problem { get; } = problem;
}
