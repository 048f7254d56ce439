using System.Collections.Immutable;
using Microsoft.Azure.Functions.Worker;

namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>What a trigger hands to one invocation. Each kind of trigger has its own; parameter binders read from it.</summary>
internal abstract class TriggerData
{
    /// <summary>The scope to run in, if the trigger has one already; otherwise the invocation makes its own.</summary>
    public virtual IServiceProvider? Services => null;

    /// <summary>The W3C trace parent that came with the data, null if none did.</summary>
    public virtual string? TraceParent => null;

    public virtual string? TraceState => null;

    /// <summary>Why the function runs, for the log.</summary>
    public abstract string Reason { get; }

    public virtual IReadOnlyDictionary<string, object?> BindingData => ImmutableDictionary<string, object?>.Empty;

    /// <summary>Called before middleware runs.</summary>
    public virtual void Attach(FunctionContext context)
    {
    }

    /// <summary>Does something with the result while the invocation still runs: an HTTP trigger writes the response.</summary>
    public virtual Task ReturnAsync(FunctionContext context) => Task.CompletedTask;
}
