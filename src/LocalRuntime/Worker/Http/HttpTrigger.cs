using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Worker.Catalog;

namespace ModelJobs.LocalRuntime.Worker.Http;

/// <summary>An HTTP trigger: methods and a route template below the route prefix.</summary>
internal sealed class HttpTrigger : ITrigger
{
    private readonly RoutePattern _pattern;

    public HttpTrigger(HttpTriggerAttribute attribute, string functionName, string where)
    {
        Route = attribute.Route ?? functionName;
        Methods = [.. (attribute.Methods ?? []).Select(static method => method.ToUpperInvariant())];
        try
        {
            _pattern = RoutePatternFactory.Parse(Route);
        }
        catch (RoutePatternException exception)
        {
            throw new FunctionWorkerException($"{where}: route '{Route}' is not a route template: {exception.Message}", exception);
        }
    }

    public string Route { get; }

    /// <summary>In upper case; empty for all.</summary>
    public IReadOnlyList<string> Methods { get; }

    public string BindingType => "httpTrigger";

    public ParameterBinder? BindParameter(ParameterInfo parameter, bool isTriggerParameter)
    {
        if (isTriggerParameter)
        {
            return parameter.ParameterType == typeof(HttpRequest) ? static context => Http(context).Request : null;
        }

        if (parameter.ParameterType == typeof(HttpContext))
        {
            return static context => Http(context);
        }

        var name = parameter.Name!;
        return _pattern.GetParameter(name) is null || RouteValue.ParserFor(parameter.ParameterType) is not { } parse
            ? null
            : context => Http(context).Request.RouteValues[name] is { } value
                ? parse(name, Convert.ToString(value, CultureInfo.InvariantCulture)!)
                : parameter.HasDefaultValue ? parameter.DefaultValue : null;
    }

    private static HttpContext Http(Invocation.InvocationContext context) => ((HttpTriggerData)context.Trigger).Http;
}
