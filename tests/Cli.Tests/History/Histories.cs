using System.Globalization;
using System.Text.Json;
using ModelJobs.Cli.History;

namespace ModelJobs.Cli.Tests.History;

/// <summary>Histories as the HTTP API answers them, with times in seconds from their start.</summary>
internal static class Histories
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static string Status(string id, string runtimeStatus, params IEnumerable<string> events) => $$"""
        {"name":"JobOrchestrator","instanceId":"{{id}}","runtimeStatus":"{{runtimeStatus}}","input":null,"customStatus":null,"output":null,
         "createdTime":"2026-03-01T12:00:00Z","lastUpdatedTime":"2026-03-01T12:00:30Z","historyEvents":[{{string.Join(",", events)}}]}
        """;

    public static string Started(string input = "{}") =>
        Event("ExecutionStarted", 0, $"\"FunctionName\":\"JobOrchestrator\",\"Input\":{JsonSerializer.Serialize(input)}");

    public static string Completed(string function, double from, double to, string result = "null") =>
        Event("TaskCompleted", to, $"\"ScheduledTime\":\"{Time(from)}\",\"FunctionName\":\"{function}\",\"Result\":{result}");

    public static string Failed(string function, double from, double to, string message) =>
        Event("TaskFailed", to, $"\"ScheduledTime\":\"{Time(from)}\",\"FunctionName\":\"{function}\",\"Reason\":\"{message}\"");

    public static string Scheduled(string function, double at) => Event("TaskScheduled", at, $"\"Name\":\"{function}\"");

    public static string PageCompleted(int page, double from, double to) => Event(
        "SubOrchestrationInstanceCompleted", to, $"\"ScheduledTime\":\"{Time(from)}\",\"FunctionName\":\"PageOrchestrator\",\"Result\":{{\"Page\":{page}}}");

    public static string PageFailed(int page, double from, double to, string message) => Event(
        "SubOrchestrationInstanceFailed",
        to,
        $"\"ScheduledTime\":\"{Time(from)}\",\"FunctionName\":\"PageOrchestrator\",\"InstanceId\":\"page-a1b2-{page:D6}-000000\","
        + $"\"FailureDetails\":{{\"ErrorType\":\"System.TimeoutException\",\"ErrorMessage\":\"{message}\"}}");

    public static string Timer(double at, double due) => Event("TimerCreated", at, $"\"FireAt\":\"{Time(due)}\"");

    public static string Fired(double due) => Event("TimerFired", due, $"\"FireAt\":\"{Time(due)}\"");

    public static string Ended(double at, string status = "Completed", string? failure = null) => Event(
        "ExecutionCompleted",
        at,
        $"\"OrchestrationStatus\":\"{status}\"" + (failure is null ? "" : $",\"FailureDetails\":{{\"ErrorMessage\":\"{failure}\"}}"));

    public static string Event(string type, double at, string members) => $"{{\"EventType\":\"{type}\",\"Timestamp\":\"{Time(at)}\",{members}}}";

    public static Timeline Timeline(double now, params IEnumerable<string> events) => new(
        JsonSerializer.Deserialize(Status("a1b2", "Running", events), OrchestrationJson.Default.OrchestrationStatus)!, Start.AddSeconds(now));

    private static string Time(double seconds) => Start.AddSeconds(seconds).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
