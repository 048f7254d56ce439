using System.Text.Json;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Replay;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>
/// A history as the HTTP API shows it: turns and ids are left out, and an answered request appears as its answer only, which carries the
/// request's time, function and input.
/// </summary>
internal static class CondensedHistory
{
    /// <param name="instanceId">Whose history it is.</param>
    /// <param name="history">The events.</param>
    /// <param name="showInput">Whether to show what functions were called with.</param>
    /// <param name="showOutput">Whether to show what they returned.</param>
    public static List<DurableEvent> Of(string instanceId, IReadOnlyList<HistoryEvent> history, bool showInput, bool showOutput)
    {
        var requests = history.OfType<ActionEvent>().ToDictionary(request => request.TaskId);
        var answered = history.OfType<OutcomeEvent>().Where(outcome => outcome is not TimerFired).Select(outcome => outcome.TaskId).ToHashSet();
        return
        [
            .. history
                .Where(e => e is not OrchestratorStarted && (e is not ActionEvent request || !answered.Contains(request.TaskId)))
                .Select(e => Condense(e, DurableHistory.Of(instanceId, e), requests))
                .Select(e => e with { Input = showInput ? e.Input : null, Result = showOutput ? PayloadJson.Parse(e.Result?.GetString()) : null }),
        ];
    }

    private static DurableEvent Condense(HistoryEvent e, DurableEvent whole, Dictionary<int, ActionEvent> requests)
    {
        var plain = whole with { EventId = null, TaskScheduledId = null, TimerId = null, Version = null };
        return e switch
        {
            ExecutionStarted => plain with
            {
                Name = null, FunctionName = plain.Name, OrchestrationInstance = null, ParentInstance = null, Tags = null,
            },
            OutcomeEvent outcome when requests.TryGetValue(outcome.TaskId, out var request) => request switch
            {
                TaskScheduled task => plain with { ScheduledTime = task.Timestamp, FunctionName = task.Name, Input = task.Input },
                SubOrchestrationInstanceCreated child
                    => plain with { ScheduledTime = child.Timestamp, FunctionName = child.Name, Input = child.Input },
                _ => plain,
            },
            _ => plain,
        };
    }
}

/// <summary>Payloads as JSON in answers.</summary>
internal static class PayloadJson
{
    /// <summary>The JSON that a payload holds; as a string if it holds none, as the output of a terminated orchestration may.</summary>
    public static JsonElement? Parse(string? payload)
    {
        if (payload is null)
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(payload);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(payload);
        }
    }
}
