using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>A call of the HTTP API that is refused: an RFC 9457 problem with the status that Durable Functions answers.</summary>
internal sealed class ManagementProblem(int status, string title, string detail) : Exception(detail)
{
    /// <summary>RFC 9457: the title and the status say all there is to say of the kind.</summary>
    private const string NoFurtherType = "about:blank";

    public static ManagementProblem BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "The request is not valid.", detail);

    public static ManagementProblem NoInstance(string instanceId) => new(
        StatusCodes.Status404NotFound, "There is no such orchestration.", $"No orchestration has the id '{instanceId}'.");

    public static ManagementProblem Gone(string instanceId, object runtimeStatus) => new(
        StatusCodes.Status410Gone, "The orchestration has ended.", $"The orchestration '{instanceId}' is {runtimeStatus}.");

    public Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(
            new ProblemDetails { Type = NoFurtherType, Status = status, Title = title, Detail = Message, Instance = http.Request.Path },
            options: null,
            contentType: "application/problem+json",
            http.RequestAborted);
    }
}
