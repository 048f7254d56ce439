using Microsoft.AspNetCore.Http;

namespace Microsoft.Azure.Functions.Worker;

public static class FunctionContextExtensions
{
    /// <summary>The key in <see cref="FunctionContext.Items"/>, the same as on Azure.</summary>
    internal const string HttpContextKey = "HttpRequestContext";

    /// <summary>The HTTP exchange that started the function; null if something else did.</summary>
    public static HttpContext? GetHttpContext(this FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Items.TryGetValue(HttpContextKey, out var value) ? value as HttpContext : null;
    }
}
