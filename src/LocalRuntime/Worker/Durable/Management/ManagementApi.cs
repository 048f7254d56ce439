using DurableTask.Core.Exceptions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>
/// The HTTP management API of Durable Functions, for the tools that speak it: reads, starts and controls the orchestrations of this host.
/// As with <c>func start</c> no key is asked for, so it answers on the host's own address only. There is one task hub and one storage;
/// <c>connection</c> and <c>code</c> are accepted and mean nothing.
/// </summary>
internal sealed partial class ManagementApi(HostJson host, ILogger<ManagementApi> logger)
{
    public const string Prefix = "runtime/webhooks/durabletask";

    /// <summary>Largest body of a call; on Azure a payload this large is refused long before.</summary>
    private const long MaxBodyBytes = 16 * 1024 * 1024;

    public static void Map(WebApplication app)
    {
        var api = ActivatorUtilities.CreateInstance<ManagementApi>(app.Services);
        var read = ActivatorUtilities.CreateInstance<ReadCalls>(app.Services);
        var start = ActivatorUtilities.CreateInstance<StartCalls>(app.Services);
        var control = ActivatorUtilities.CreateInstance<ControlCalls>(app.Services);

        var instances = app.MapGroup($"{Prefix}/instances");
        api.Answer(instances, "GET", "", read.ListAsync);
        api.Answer(instances, "GET", "{instanceId}", read.GetAsync);
        api.Answer(instances, "DELETE", "", control.PurgeManyAsync);
        api.Answer(instances, "DELETE", "{instanceId}", control.PurgeAsync);
        api.Answer(instances, "POST", "{instanceId}/raiseEvent/{eventName}", control.RaiseEventAsync);
        api.Answer(instances, "POST", "{instanceId}/terminate", control.TerminateAsync);
        api.Answer(instances, "POST", "{instanceId}/suspend", control.SuspendAsync);
        api.Answer(instances, "POST", "{instanceId}/resume", control.ResumeAsync);
        api.Answer(instances, "POST", "{instanceId}/rewind", control.RewindAsync);
        api.Answer(instances, "POST", "{instanceId}/restart", start.RestartAsync);
        api.Answer(app.MapGroup($"{Prefix}/orchestrators"), "POST", "{functionName}/{instanceId?}", start.StartAsync);
    }

    private void Answer(RouteGroupBuilder routes, string method, string route, Func<HttpContext, Task> call)
        => routes.MapMethods(route, [method], http => GuardAsync(http, call));

    private async Task GuardAsync(HttpContext http, Func<HttpContext, Task> call)
    {
        try
        {
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            {
                limit.MaxRequestBodySize = MaxBodyBytes;
            }

            CheckTaskHub(http);
            await call(http);
        }
        catch (ManagementProblem problem)
        {
            await problem.WriteAsync(http);
        }
        catch (OrchestrationAlreadyExistsException exists)
        {
            await new ManagementProblem(StatusCodes.Status409Conflict, "The orchestration exists already.", exists.Message).WriteAsync(http);
        }
        catch (BadHttpRequestException refused)
        {
            await new ManagementProblem(refused.StatusCode, "The request cannot be read.", refused.Message).WriteAsync(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller is gone.
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            LogFailed(exception, http.Request.Method, http.Request.Path);
            await new ManagementProblem(
                StatusCodes.Status500InternalServerError, "The call failed.", "The log of the host says why.").WriteAsync(http);
        }
    }

    private void CheckTaskHub(HttpContext http)
    {
        var asked = http.Request.Query["taskHub"].ToString();
        if (asked.Length > 0 && !asked.Equals(host.DurableTask.HubName, StringComparison.OrdinalIgnoreCase))
        {
            throw new ManagementProblem(
                StatusCodes.Status404NotFound,
                "There is no such task hub.",
                $"This host has the task hub '{host.DurableTask.HubName}' only (extensions.durableTask.hubName in host.json).");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The management call {Method} {Path} failed")]
    private partial void LogFailed(Exception exception, string method, PathString path);
}
