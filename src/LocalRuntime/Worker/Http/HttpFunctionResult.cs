using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;

namespace ModelJobs.LocalRuntime.Worker.Http;

/// <summary>Writes what an HTTP function returned as the response.</summary>
internal static class HttpFunctionResult
{
    /// <summary>
    /// Results write themselves; a string is text; any other object is JSON. A function that returns nothing may have written the
    /// response itself; if it did not, the answer is an empty 200.
    /// </summary>
    public static Task WriteAsync(object? result, HttpContext http) => result switch
    {
        null => Task.CompletedTask,
        IResult write => write.ExecuteAsync(http),
        IActionResult write => write.ExecuteResultAsync(new ActionContext(http, http.GetRouteData(), new ActionDescriptor())),
        string text => http.Response.WriteAsync(text, http.RequestAborted),
        _ => http.Response.WriteAsJsonAsync(result, result.GetType(), http.RequestAborted),
    };
}
