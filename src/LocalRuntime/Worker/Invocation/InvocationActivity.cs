using System.Diagnostics;

namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>The span of one invocation. It exists without a listener too, so that functions can always pass the trace on.</summary>
internal static class InvocationActivity
{
    /// <summary>Name of the source that the real worker uses, so that the same OpenTelemetry configuration works in both.</summary>
    public const string SourceName = "Microsoft.Azure.Functions.Worker";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Starts a span below the trace that came with the trigger's data, or below the current one.</summary>
    public static Activity Start(string functionName, string invocationId, TriggerData trigger)
    {
        var name = "function " + functionName;
        var activity = ActivityContext.TryParse(trigger.TraceParent, trigger.TraceState, isRemote: true, out var parent)
            ? Source.CreateActivity(name, ActivityKind.Server, parent)
            : Source.CreateActivity(name, ActivityKind.Server);
        if (activity is null)
        {
            activity = new Activity(name);
            if (parent != default)
            {
                activity.SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags);
                activity.TraceStateString = trigger.TraceState;
            }
        }

        return activity.AddTag("faas.name", functionName).AddTag("faas.invocation_id", invocationId).Start();
    }
}
