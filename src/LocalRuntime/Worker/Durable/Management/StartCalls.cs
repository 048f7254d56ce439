using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>Starts orchestrations, anew or again.</summary>
internal sealed class StartCalls(DurableTaskClient client, ITaskInvoker functions, TimeProvider time)
{
    private static readonly TimeSpan PollAfter = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Starts an orchestrator with the body as its input. Answers its links, or, with <c>timeout</c> and <c>pollingInterval</c>, its output if
    /// it ends in time.
    /// </summary>
    public async Task StartAsync(HttpContext http)
    {
        var name = (string)http.Request.RouteValues["functionName"]!;
        if (functions.FindOrchestrator(name) is null)
        {
            throw ManagementProblem.BadRequest($"There is no orchestrator function named '{name}'.");
        }

        var input = await http.ReadJsonAsync();
        var id = http.Request.RouteValues["instanceId"] as string;
        try
        {
            await AnswerAsync(
                http, await client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), http.RequestAborted));
        }
        catch (ArgumentException invalid)
        {
            throw ManagementProblem.BadRequest(invalid.Message);
        }
    }

    /// <summary>Starts a new orchestration with the name and input of an existing one, under an id of its own unless the query says otherwise.</summary>
    public async Task RestartAsync(HttpContext http)
    {
        var withNewId = new ManagementQuery(http.Request.Query).Flag("restartWithNewInstanceId", defaultValue: true);
        try
        {
            await AnswerAsync(http, await client.RestartAsync(http.InstanceId(), withNewId, http.RequestAborted));
        }
        catch (ArgumentException unknown)
        {
            throw ManagementProblem.BadRequest(unknown.Message);
        }
        catch (InvalidOperationException running)
        {
            throw new ManagementProblem(StatusCodes.Status409Conflict, "The orchestration still runs.", running.Message);
        }
    }

    private async Task AnswerAsync(HttpContext http, string id)
    {
        var query = new ManagementQuery(http.Request.Query);
        if (query.Seconds("timeout") is { } limit
            && query.Seconds("pollingInterval") is not null
            && await EndAsync(id, limit, http.RequestAborted) is { } ended)
        {
            await AnswerEndAsync(http, ended);
            return;
        }

        var links = ManagementLinks.For(http.Request, client.Name, id);
        http.Response.Headers.Location = links.StatusQueryGetUri;
        http.Response.Headers.RetryAfter = PollAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        await http.WriteJsonAsync(StatusCodes.Status202Accepted, links);
    }

    /// <returns>Null if it does not end in time.</returns>
    private async Task<OrchestrationMetadata?> EndAsync(string id, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static Task AnswerEndAsync(HttpContext http, OrchestrationMetadata ended)
        => ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed
            ? http.WriteJsonAsync(StatusCodes.Status200OK, PayloadJson.Read(ended.SerializedOutput))
            : ReadCalls.WriteAsync(http, ended, failAs500: false, InstanceStatus.Of(ended, showInput: true));
}
