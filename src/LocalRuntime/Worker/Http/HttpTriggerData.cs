using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Http;

/// <summary>One HTTP request.</summary>
internal sealed class HttpTriggerData(HttpContext http) : TriggerData
{
    public HttpContext Http => http;

    public override IServiceProvider Services => http.RequestServices;

    public override string? TraceParent => http.Request.Headers.TraceParent;

    public override string? TraceState => http.Request.Headers.TraceState;

    public override string Reason => $"{http.Request.Method} {http.Request.Path}";

    public override IReadOnlyDictionary<string, object?> BindingData => http.Request.RouteValues;

    public override void Attach(FunctionContext context) => context.Items[FunctionContextExtensions.HttpContextKey] = http;

    public override Task ReturnAsync(FunctionContext context) => HttpFunctionResult.WriteAsync(context.GetInvocationResult().Value, http);
}
