namespace Microsoft.Azure.Functions.Worker.Middleware;

/// <summary>The rest of the pipeline: further middleware, then the function.</summary>
public delegate Task FunctionExecutionDelegate(FunctionContext context);

/// <summary>Runs around every invocation, in the order of registration.</summary>
public interface IFunctionsWorkerMiddleware
{
    Task Invoke(FunctionContext context, FunctionExecutionDelegate next);
}
