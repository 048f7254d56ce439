using System.Net;
using System.Text;
using ModelJobs.Cli.Output;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Client;

/// <summary>The service refused a call, failed at it, or does not answer.</summary>
internal sealed class ServiceException : CommandException
{
    private ServiceException(string message, bool isTransient, Exception? inner = null)
        : base(message, inner) => IsTransient = isTransient;

    /// <summary>The kind of problem, as <c>/problems/{kind}</c>, if the service refused the call with one.</summary>
    public string? ProblemType { get; private init; }

    /// <summary>What the service answered, if it refused the call.</summary>
    public HttpStatusCode? Status { get; private init; }

    /// <summary>Whether the same call can succeed a moment later.</summary>
    public bool IsTransient { get; }

    /// <summary>Nothing listens at the endpoint, or its name does not resolve.</summary>
    public static ServiceException Unreachable(Uri endpoint, Exception cause) => new(
        $"No service answers at {Address(endpoint)}. Start one with `jobs serve`, or name another with --endpoint.", isTransient: true, cause);

    /// <summary>The service did not answer in time.</summary>
    public static ServiceException TimedOut(Uri endpoint, TimeSpan after) => new(
        $"The service at {Address(endpoint)} did not answer within {after.TotalSeconds:0} s.", isTransient: true);

    /// <summary>The connection broke in the middle of a call.</summary>
    public static ServiceException Interrupted(Uri endpoint, Exception cause) => new(
        $"The connection to {Address(endpoint)} broke: {cause.GetBaseException().Message}", isTransient: true, cause);

    /// <summary>What answers is not ModelJobs, or another version of it.</summary>
    public static ServiceException NotUnderstood(Uri endpoint, Exception? cause = null) => new(
        $"{Address(endpoint)} answered with something that is not a ModelJobs response. Is it the right endpoint?", isTransient: false, cause);

    /// <summary>The service answered with an error; <paramref name="problem"/> explains it, if the service did.</summary>
    public static ServiceException Refused(Uri endpoint, HttpStatusCode status, Problem? problem) => new(
        problem is not null ? Explain(problem)
        : status == HttpStatusCode.Unauthorized ? $"{Address(endpoint)} asks who calls. Give --function-key or --scope, whichever it was deployed for."
        : $"{Address(endpoint)} answered {(int)status} {status}.",
        isTransient: status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)status >= 500)
    {
        ProblemType = problem?.Type,
        Status = status,
    };

    /// <summary>The host knows no such orchestration, or does not offer its history.</summary>
    public static ServiceException NoHistory(Uri endpoint, string instanceId, Exception cause) => new(
        $"{Address(endpoint)} has no orchestration {instanceId}: it does not exist there, was deleted, or has not begun. `jobs list` shows the jobs.",
        isTransient: false,
        cause);

    /// <summary>The host guards its APIs with a key that was not given.</summary>
    public static ServiceException NeedsSystemKey(Uri endpoint, Exception cause) => new(
        $"{Address(endpoint)} shows histories to holders of its system key durabletask_extension only (Function App, App keys, System keys). " +
        "Give it as MODELJOBS_SYSTEM_KEY, or with --function-key.",
        isTransient: false,
        cause);

    private static string Address(Uri endpoint) => endpoint.GetLeftPart(UriPartial.Authority);

    private static string Explain(Problem problem)
    {
        var text = new StringBuilder(PrintableText.Of(problem.Title));
        var location = problem switch
        {
            { Line: { } line, Column: { } column } => $"line {line}, column {column}",
            { Line: { } line } => $"line {line}",
            _ => "",
        };
        // A detail that names the place itself needs no second mention of it.
        if (location.Length > 0 && problem.Detail?.Contains(location, StringComparison.OrdinalIgnoreCase) != true)
        {
            text.Append($" ({location})");
        }

        if (problem.Detail is { } detail)
        {
            text.Append(": ").Append(PrintableText.Of(detail));
        }

        return text.ToString();
    }
}
