using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace ModelJobs.LocalRuntime.Worker.Http;

/// <summary>What the runtime itself answers where no function does: RFC 9457 problems, as the app's own are.</summary>
internal static class HttpProblem
{
    public const string ContentType = "application/problem+json";

    /// <summary>Answers a request with a problem, in place of what was to be answered.</summary>
    public static Task WriteAsync(HttpContext http, int status, string detail)
    {
        http.Response.Clear();
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(Create(status, detail), options: null, ContentType, http.RequestAborted);
    }

    /// <summary>A problem as it travels.</summary>
    public static byte[] Write(int status, string detail) => JsonSerializer.SerializeToUtf8Bytes(Create(status, detail), JsonSerializerOptions.Web);

    /// <summary>Gives a body to a status that routing leaves alone: there is no such route, or not with this method.</summary>
    public static async Task ExplainAsync(HttpContext http, RequestDelegate next)
    {
        await next(http);
        if (http.Response is { HasStarted: false, StatusCode: >= StatusCodes.Status400BadRequest and var status })
        {
            // Headers stay: 405 comes with those methods that are allowed.
            await http.Response.WriteAsJsonAsync(Create(status, Explain(http)), options: null, ContentType, http.RequestAborted);
        }
    }

    private static string Explain(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"Nothing answers at {http.Request.Path}.",
        StatusCodes.Status405MethodNotAllowed => $"{http.Request.Method} is not allowed here, but {http.Response.Headers.Allow}.",
        _ => "The request could not be answered.",
    };

    private static ProblemDetails Create(int status, string detail) => new()
    {
        Type = $"/problems/http-{status}",
        Title = ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } reason ? reason : "The request was refused",
        Status = status,
        Detail = detail,
    };
}
