using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Http;

namespace ModelJobs.Simulation.Tests.Fuzz;

/// <summary>An HTTP function of the app, with one of its methods.</summary>
/// <param name="Function">Its name.</param>
/// <param name="Method">In upper case.</param>
/// <param name="Path">As <c>/api/jobs/{id}</c>.</param>
internal sealed partial record Endpoint(string Function, string Method, string Path)
{
    /// <summary>Every one that the app has; a new function is here without a word.</summary>
    public static IReadOnlyList<Endpoint> AllOf(IServiceProvider services)
    {
        var prefix = services.GetRequiredService<HostJson>().RoutePrefix;
        return [.. services.GetRequiredService<FunctionCatalog>().With<HttpTrigger>()
            .SelectMany(http => http.Trigger.Methods.DefaultIfEmpty("GET").Select(method => new Endpoint(http.Function.Name, method, $"/{prefix}/{http.Trigger.Route}")))];
    }

    public bool TakesBody => Method is "POST" or "PUT" or "PATCH";

    public bool HasParameters => Parameter().IsMatch(Path);

    /// <summary>The path with its parameters filled in.</summary>
    public string With(Func<string> value) => Parameter().Replace(Path, _ => value());

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
