using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace ModelJobs.Functions.Http;

/// <summary>Answers with the problem wherever an HTTP function refuses a request, so that no function has to.</summary>
internal sealed class ProblemMiddleware : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (ProblemException refused)
        {
            context.GetInvocationResult().Value = refused.Problem.ToResult();
        }
    }
}
