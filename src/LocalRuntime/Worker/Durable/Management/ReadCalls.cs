using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>Reads orchestrations.</summary>
internal sealed class ReadCalls(OrchestrationEngine engine, DurableTaskClient client, DataConverter converter)
{
    private const string ContinuationHeader = "x-ms-continuation-token";

    /// <summary>What Durable Functions asks of callers that poll, so that they do not in a tight loop.</summary>
    private static readonly TimeSpan PollAfter = TimeSpan.FromSeconds(5);

    /// <summary>One orchestration, with its history if that is wanted. 202 until it has ended.</summary>
    public async Task GetAsync(HttpContext http)
    {
        var query = new ManagementQuery(http.Request.Query);
        var showInput = query.Flag("showInput", defaultValue: true);
        var showOutput = query.Flag("showHistoryOutput", defaultValue: false);
        var showHistory = query.Flag("showHistory", defaultValue: false);
        var failAs500 = query.Flag("returnInternalServerErrorOnFailure", defaultValue: false);
        var id = http.InstanceId();

        var (metadata, history) = engine.Read(hub => hub.Find(id) is { } instance
            ? (instance.ToMetadata(converter), showHistory && instance.HasStarted ? instance.History.ToList() : null)
            : throw ManagementProblem.NoInstance(id));
        await engine.Written;
        await WriteAsync(
            http,
            metadata,
            failAs500,
            InstanceStatus.Of(metadata, showInput, history is null ? null : CondensedHistory.Of(history, showInput, showOutput)));
    }

    /// <summary>A page of orchestrations that match a filter, in the order of their ids; a header leads to the next page.</summary>
    public async Task ListAsync(HttpContext http)
    {
        var query = new ManagementQuery(http.Request.Query);
        var showInput = query.Flag("showInput", defaultValue: true);
        var filter = new OrchestrationQuery
        {
            CreatedFrom = query.Moment("createdTimeFrom"),
            CreatedTo = query.Moment("createdTimeTo"),
            Statuses = query.Statuses(),
            InstanceIdPrefix = query.Text("instanceIdPrefix"),
            PageSize = query.PageSize(),
            FetchInputsAndOutputs = true,
            ContinuationToken = Token(http.Request.Headers[ContinuationHeader].ToString()),
        };
        await foreach (var page in client.GetAllInstancesAsync(filter).AsPages())
        {
            if (page.ContinuationToken is { } next)
            {
                // A header holds ASCII only; ids may hold more.
                http.Response.Headers[ContinuationHeader] = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(next));
            }

            await http.WriteJsonAsync(
                StatusCodes.Status200OK, page.Values.Select(metadata => InstanceStatus.Of(metadata, showInput)).ToList());
            return;
        }
    }

    /// <summary>Answers how an orchestration stands.</summary>
    /// <param name="http">The call.</param>
    /// <param name="metadata">The orchestration.</param>
    /// <param name="failAs500">Whether a failed one is answered with status 500.</param>
    /// <param name="status">What to show of it.</param>
    public static Task WriteAsync(HttpContext http, OrchestrationMetadata metadata, bool failAs500, InstanceStatus status)
    {
        if (metadata.IsCompleted)
        {
            var isFailed = metadata.RuntimeStatus == OrchestrationRuntimeStatus.Failed;
            return http.WriteJsonAsync(
                isFailed && failAs500 ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK, status);
        }

        http.Response.Headers.Location = http.Request.GetEncodedUrl();
        http.Response.Headers.RetryAfter = PollAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return http.WriteJsonAsync(StatusCodes.Status202Accepted, status);
    }

    private static string? Token(string header)
    {
        if (header.Length == 0)
        {
            return null;
        }

        return Base64Url.IsValid(header)
            ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(header))
            : throw ManagementProblem.BadRequest($"The header {ContinuationHeader} is not one that this API has answered.");
    }
}
