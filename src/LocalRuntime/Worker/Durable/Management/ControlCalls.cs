using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>Sends to orchestrations that run, and purges those that have ended.</summary>
internal sealed class ControlCalls(DurableTaskClient client)
{
    public async Task RaiseEventAsync(HttpContext http)
    {
        var id = await RunningAsync(http);
        if (!http.Request.HasJsonContentType())
        {
            throw ManagementProblem.BadRequest("Only application/json is supported as the content of an event.");
        }

        var name = (string)http.Request.RouteValues["eventName"]!;
        await client.RaiseEventAsync(id, name, await http.ReadJsonAsync(), http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    public async Task TerminateAsync(HttpContext http)
    {
        var id = await RunningAsync(http);
        await client.TerminateInstanceAsync(id, new TerminateInstanceOptions(Reason(http)), http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    public async Task SuspendAsync(HttpContext http)
    {
        await client.SuspendInstanceAsync(await RunningAsync(http), Reason(http), http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    public async Task ResumeAsync(HttpContext http)
    {
        await client.ResumeInstanceAsync(await RunningAsync(http), Reason(http), http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    /// <summary>Lets a failed orchestration go on as if what failed had not been tried yet.</summary>
    public async Task RewindAsync(HttpContext http)
    {
        var id = http.InstanceId();
        var existing = await FindAsync(id, http.RequestAborted);
        if (existing is { IsCompleted: true, RuntimeStatus: not OrchestrationRuntimeStatus.Failed })
        {
            throw ManagementProblem.Gone(id, existing.RuntimeStatus);
        }

        try
        {
            await client.RewindInstanceAsync(id, Reason(http) ?? "", http.RequestAborted);
        }
        catch (InvalidOperationException notFailed)
        {
            throw ManagementProblem.BadRequest(notFailed.Message);
        }

        http.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    /// <summary>Forgets one orchestration that has ended.</summary>
    public async Task PurgeAsync(HttpContext http)
    {
        var id = http.InstanceId();
        await FindAsync(id, http.RequestAborted);
        var purged = await client.PurgeInstanceAsync(id, http.RequestAborted);
        await WriteAsync(http, purged);
    }

    /// <summary>Forgets all that have ended and match a filter.</summary>
    public async Task PurgeManyAsync(HttpContext http)
    {
        var query = new ManagementQuery(http.Request.Query);
        var from = query.Moment("createdTimeFrom")
            ?? throw ManagementProblem.BadRequest("Please provide value for 'createdTimeFrom' parameter.");
        var filter = new PurgeInstancesFilter(from, query.Moment("createdTimeTo"), query.Statuses());
        var purged = await client.PurgeAllInstancesAsync(filter, http.RequestAborted);
        if (purged.PurgedInstanceCount == 0)
        {
            throw new ManagementProblem(
                StatusCodes.Status404NotFound, "Nothing was purged.", "No orchestration that has ended matches the filter.");
        }

        await WriteAsync(http, purged);
    }

    private static Task WriteAsync(HttpContext http, PurgeResult purged)
        => http.WriteJsonAsync(StatusCodes.Status200OK, new PurgeHistory(purged.PurgedInstanceCount));

    private async Task<string> RunningAsync(HttpContext http)
    {
        var id = http.InstanceId();
        var existing = await FindAsync(id, http.RequestAborted);
        return existing.IsCompleted ? throw ManagementProblem.Gone(id, existing.RuntimeStatus) : id;
    }

    private async Task<OrchestrationMetadata> FindAsync(string id, CancellationToken cancellationToken)
        => await client.GetInstanceAsync(id, cancellationToken) ?? throw ManagementProblem.NoInstance(id);

    private static string? Reason(HttpContext http) => new ManagementQuery(http.Request.Query).Text("reason");

    /// <summary>What a purge answers.</summary>
    private sealed record PurgeHistory(int InstancesDeleted);
}
