using System.Runtime.ExceptionServices;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace ModelJobs.Functions;

/// <summary>
/// Throws on what a function threw. The Functions worker calls functions of classes that are not public by reflection, and what their
/// tasks throw arrives inside an <see cref="AggregateException"/>: a refusal would become a 500, and a failed job would not say why.
/// </summary>
internal sealed class FunctionFaults : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (AggregateException wrapped) when (wrapped.InnerExceptions is [var thrown])
        {
            ExceptionDispatchInfo.Throw(thrown);
        }
    }
}
