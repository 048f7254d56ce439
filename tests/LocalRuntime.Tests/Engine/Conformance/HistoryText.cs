using DurableTask.Core;
using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Tests.Engine.Conformance;

/// <summary>What of a history does not depend on when it happened, a line an event, as histories.txt has it.</summary>
internal static class HistoryText
{
    public static string Of(HistoryEvent e) => (e.EventType + (e.EventId >= 0 ? $" #{e.EventId}" : "") + Details(e)).TrimEnd();

    private static string Details(HistoryEvent e) => e switch
    {
        ExecutionStartedEvent started => $" {started.Name} v'{started.Version}' {started.Input}{Tags(started.Tags)}",
        TaskScheduledEvent task => $" {task.Name} v'{task.Version}'",
        TaskCompletedEvent completed => $" of #{completed.TaskScheduledId} {completed.Result}",
        TaskFailedEvent failed => $" of #{failed.TaskScheduledId} {Failure(failed.FailureDetails)}",
        TimerFiredEvent fired => $" of #{fired.TimerId}",
        SubOrchestrationInstanceCreatedEvent child => $" {child.Name} {child.InstanceId} v'{child.Version}'",
        SubOrchestrationInstanceCompletedEvent completed => $" of #{completed.TaskScheduledId} {completed.Result}",
        SubOrchestrationInstanceFailedEvent failed => $" of #{failed.TaskScheduledId} {Failure(failed.FailureDetails)}",
        EventSentEvent sent => $" {sent.Name} to {sent.InstanceId} {sent.Input}",
        EventRaisedEvent raised => $" {raised.Name} {raised.Input}",
        ExecutionCompletedEvent completed => $" {completed.OrchestrationStatus} {completed.Result}",
        ExecutionTerminatedEvent terminated => $" {terminated.Input}",
        ExecutionSuspendedEvent suspended => $" {suspended.Reason}",
        ExecutionResumedEvent resumed => $" {resumed.Reason}",
        _ => "",
    };

    private static string Tags(IDictionary<string, string>? tags)
        => tags is null ? "" : " " + string.Join(",", tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));

    private static string Failure(FailureDetails? failure)
        => failure is null ? "-" : $"{failure.ErrorType}: {failure.ErrorMessage} < {Failure(failure.InnerFailure)}";
}
