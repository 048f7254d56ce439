using Microsoft.Azure.Functions.Worker.Middleware;

namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>The app's middleware, first registered outermost, around the call of the function.</summary>
internal sealed class MiddlewarePipeline
{
    public MiddlewarePipeline(IEnumerable<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware)
    {
        FunctionExecutionDelegate run = static context =>
        {
            var invocation = (InvocationContext)context;
            return invocation.Function.CallAsync(invocation);
        };
        foreach (var wrap in middleware.Reverse())
        {
            run = wrap(run);
        }

        Run = run;
    }

    public FunctionExecutionDelegate Run { get; }
}
