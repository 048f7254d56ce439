using System.Globalization;
using Microsoft.AspNetCore.Http;
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
            if (refused.RetryAfter is { } wait && context.GetHttpContext() is { } http)
            {
                http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }

            context.GetInvocationResult().Value = refused.Problem.ToResult();
        }
        catch (BadHttpRequestException malformed)
        {
            context.GetInvocationResult().Value = Problems.BadRequest(malformed.StatusCode).Problem.ToResult();
        }
    }
}
