using Microsoft.Azure.Functions.Worker;

namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>Holds what a function returned.</summary>
internal sealed class ReturnedValue : InvocationResult
{
    public override object? Value { get; set; }
}
