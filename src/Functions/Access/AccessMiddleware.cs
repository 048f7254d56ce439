using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using ModelJobs.Functions.Http;

namespace ModelJobs.Functions.Access;

/// <summary>
/// Finds out who calls, before any function of an HTTP trigger runs: with Entra nobody comes through whom the platform does not vouch for, and a
/// job of somebody else's does not exist. That is decided here and by the job's id alone, so that no function can forget it, and so that a
/// foreign id cannot be told from an unknown one, not even by how long the answer takes.
/// </summary>
internal sealed class AccessMiddleware(JobSettings settings) : IFunctionsWorkerMiddleware
{
    /// <summary>The parameter of routes that is a job's id.</summary>
    public const string IdParameter = "id";

    private const string HttpTrigger = "httpTrigger";

    /// <inheritdoc/>
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http)
        {
            var caller = CallerOf(http);
            CheckIds(caller, context, http);
            http.Features.Set(caller);
        }
        else if (context.FunctionDefinition.InputBindings.Values.Any(binding => binding.Type.Equals(HttpTrigger, StringComparison.OrdinalIgnoreCase)))
        {
            throw new InvalidOperationException("A request came without its HTTP context, so its caller is not known.");
        }

        return next(context);
    }

    private Caller CallerOf(HttpContext http)
    {
        if (settings.ApiAccess == ApiAccess.Keys)
        {
            return Caller.Everybody;
        }

        if (Principal.Read(http.Request.Headers) is { } principal)
        {
            return Caller.Of(principal);
        }

        http.Response.Headers.WWWAuthenticate = "Bearer";
        throw Problems.NotAuthenticated();
    }

    // The worker binds a function's parameter from the host's binding data and not from the route that it has matched itself: both have to pass.
    private static void CheckIds(Caller caller, FunctionContext context, HttpContext http)
    {
        Check(caller, http.Request.RouteValues.TryGetValue(IdParameter, out var routed) ? routed : null);
        Check(caller, context.BindingContext.BindingData.TryGetValue(IdParameter, out var bound) ? bound : null);
    }

    private static void Check(Caller caller, object? id)
    {
        if (id is not null && !caller.MaySee(id as string ?? ""))
        {
            throw Problems.UnknownJob(id.ToString() ?? "");
        }
    }
}
