using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>What the calls of the HTTP API have in common.</summary>
internal static class ManagementCall
{
    public static string InstanceId(this HttpContext http) => (string)http.Request.RouteValues["instanceId"]!;

    /// <returns>Null if there is no body.</returns>
    public static async Task<JsonElement?> ReadJsonAsync(this HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        if (body.Length == 0)
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(body.GetBuffer().AsSpan(0, (int)body.Length));
        }
        catch (JsonException exception)
        {
            throw ManagementProblem.BadRequest($"The content is not JSON: {exception.Message}");
        }
    }

    public static Task WriteJsonAsync<T>(this HttpContext http, int status, T value)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(value, ManagementJson.Options, http.RequestAborted);
    }
}
