using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>
/// Replays a whole history. All turns but the last are replayed as the engine does; the last is run anew, so that its requests and its
/// end are compared too.
/// </summary>
internal static class WholeReplay
{
    public static void Run(OrchestrationHistory history, ReplayTurns turns)
    {
        List<HistoryEvent> events = [.. history.Events.Select(DurableHistory.ToEngine).OfType<HistoryEvent>()];
        var started = events.OfType<ExecutionStarted>().First();
        var lastTurn = events.FindLastIndex(e => e is OrchestratorStarted);
        var last = events[(lastTurn + 1)..];
        var messages = last.Where(e => e is not (ActionEvent or ContinueAsNew or ExecutionCompleted)).ToList();

        var replayed = turns.Run(started, events[..lastTurn], messages, events[lastTurn].Timestamp);
        CheckRequests(turns, last.OfType<ActionEvent>(), replayed.Requests);
        turns.CheckEnding(last.Find(e => e is ContinueAsNew or ExecutionCompleted), replayed.Ending);
    }

    private static void CheckRequests(ReplayTurns turns, IEnumerable<ActionEvent> recorded, IEnumerable<ActionEvent> replayed)
    {
        using var found = replayed.GetEnumerator();
        foreach (var expected in recorded)
        {
            if (!found.MoveNext())
            {
                throw turns.Mismatch($"expects {expected.Key}", "asked for nothing more");
            }

            if (!expected.Key.Matches(found.Current.Key))
            {
                throw turns.Mismatch($"expects {expected.Key}", $"asked for {found.Current.Key}");
            }
        }

        if (found.MoveNext())
        {
            throw turns.Mismatch("expects nothing more in its last turn", $"asked for {found.Current.Key}");
        }
    }
}
