using DurableTask.Core.History;
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
        List<HistoryEvent> events = [.. history.Whole];
        var lastTurn = events.FindLastIndex(e => e is OrchestratorStartedEvent);
        if (lastTurn < 0)
        {
            throw new FormatException("It has no event OrchestratorStarted, with which every turn begins.");
        }

        var last = events[(lastTurn + 1)..];
        var messages = last
            .Where(e => e is not (OrchestratorCompletedEvent or ExecutionCompletedEvent) && ActionKey.Of(e) is null)
            .ToList();
        var replayed = turns.Run(events.OfType<ExecutionStartedEvent>().First(), events[..lastTurn], messages, events[lastTurn].Timestamp);
        CheckRequests(turns, last, replayed);
        turns.CheckEnding(last.OfType<ExecutionCompletedEvent>().FirstOrDefault()?.OrchestrationStatus, replayed.Ending);
    }

    private static void CheckRequests(ReplayTurns turns, IEnumerable<HistoryEvent> recorded, ReplayedTurn replayed)
    {
        using var found = Keys(replayed.Events).GetEnumerator();
        foreach (var expected in Keys(recorded))
        {
            if (!found.MoveNext())
            {
                throw turns.Mismatch($"expects {expected}", "asked for nothing more");
            }

            if (!expected.Matches(found.Current))
            {
                throw turns.Mismatch($"expects {expected}", $"asked for {found.Current}");
            }
        }

        if (found.MoveNext())
        {
            throw turns.Mismatch("expects nothing more in its last turn", $"asked for {found.Current}");
        }
    }

    private static IEnumerable<ActionKey> Keys(IEnumerable<HistoryEvent> events)
        => events.Select(ActionKey.Of).Where(key => key is not null).Select(key => key!.Value);
}
