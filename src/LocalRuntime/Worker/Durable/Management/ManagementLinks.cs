using Microsoft.AspNetCore.Http;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>
/// Where an orchestration is read and controlled, as Durable Functions answers a start. <c>{eventName}</c> and <c>{text}</c> are for the
/// caller to fill in.
/// </summary>
internal sealed record ManagementLinks(
    string Id,
    string StatusQueryGetUri,
    string SendEventPostUri,
    string TerminatePostUri,
    string PurgeHistoryDeleteUri,
    string RestartPostUri,
    string SuspendPostUri,
    string ResumePostUri)
{
    /// <summary>The usual name of the storage connection; it is one of the parameters that Azure's links carry.</summary>
    private const string Connection = "Storage";

    /// <param name="request">Tells the address under which the caller reaches this host.</param>
    /// <param name="taskHub">Name of the task hub.</param>
    /// <param name="instanceId">The orchestration.</param>
    public static ManagementLinks For(HttpRequest request, string taskHub, string instanceId)
    {
        var instance = $"{request.Scheme}://{request.Host}/{ManagementApi.Prefix}/instances/{Uri.EscapeDataString(instanceId)}";
        var query = $"taskHub={Uri.EscapeDataString(taskHub)}&connection={Connection}";
        return new ManagementLinks(
            instanceId,
            $"{instance}?{query}",
            $"{instance}/raiseEvent/{{eventName}}?{query}",
            $"{instance}/terminate?reason={{text}}&{query}",
            $"{instance}?{query}",
            $"{instance}/restart?{query}",
            $"{instance}/suspend?reason={{text}}&{query}",
            $"{instance}/resume?reason={{text}}&{query}");
    }
}
