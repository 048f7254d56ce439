using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Http;

/// <summary>Maps the app's HTTP functions to routes.</summary>
internal static class HttpFunctions
{
    public static void Map(WebApplication app, FunctionCatalog catalog, string routePrefix)
    {
        // What a function answers is left as it is.
        app.Use(static next => http => http.GetEndpoint()?.Metadata.GetMetadata<Function>() is null ? HttpProblem.ExplainAsync(http, next) : next(http));
        var invoker = app.Services.GetRequiredService<FunctionInvoker>();
        var lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
        foreach (var (function, trigger) in catalog.With<HttpTrigger>())
        {
            var route = routePrefix.Length == 0 ? trigger.Route : $"{routePrefix.Trim('/')}/{trigger.Route.TrimStart('/')}";
            var endpoint = new HttpFunctionEndpoint(function, invoker, lifetime);
            var mapped = trigger.Methods.Count == 0
                ? app.Map(route, endpoint.HandleAsync)
                : app.MapMethods(route, trigger.Methods, endpoint.HandleAsync);
            mapped.WithDisplayName(function.Name).WithMetadata(function);
        }
    }
}
