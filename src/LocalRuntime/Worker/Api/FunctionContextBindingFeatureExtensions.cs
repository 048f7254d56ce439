using ModelJobs.LocalRuntime.Worker.Invocation;

namespace Microsoft.Azure.Functions.Worker;

public static class FunctionContextBindingFeatureExtensions
{
    /// <summary>The function's result, for middleware to read after the function ran, or to replace.</summary>
    public static InvocationResult GetInvocationResult(this FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<InvocationResult>() is { } result
            ? result
            : SetResult(context);
    }

    private static ReturnedValue SetResult(FunctionContext context)
    {
        var result = new ReturnedValue();
        context.Features.Set<InvocationResult>(result);
        return result;
    }
}
