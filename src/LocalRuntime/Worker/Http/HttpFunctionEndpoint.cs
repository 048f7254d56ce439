using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Http;

/// <summary>Answers the requests of one HTTP function. Bodies flow as they come, in both directions.</summary>
internal sealed class HttpFunctionEndpoint(Function function, FunctionInvoker invoker, IHostApplicationLifetime lifetime)
{
    public async Task HandleAsync(HttpContext http)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await invoker.InvokeAsync(function, new HttpTriggerData(http), stop.Token);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller is gone; the invoker has logged how the function ended.
        }
        catch (Exception) when (http.Response.HasStarted)
        {
            // Too late for a status: cut the connection, so that the caller cannot take a part for the whole.
            http.Abort();
        }
        catch (BadHttpRequestException exception)
        {
            await HttpProblem.WriteAsync(http, exception.StatusCode, exception.Message);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await HttpProblem.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "The host is stopping. Try again later.");
        }
        catch (Exception)
        {
            // The reason is in the log. It may hold what a caller must not see.
            await HttpProblem.WriteAsync(
                http, StatusCodes.Status500InternalServerError, $"The function failed. The log of {function.Name} says why.");
        }
    }
}
