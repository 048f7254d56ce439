using DurableTask.Core.History;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>What a state file would hold of a hub, without the file; not safe for concurrent use.</summary>
internal sealed class MemoryDisk
{
    private readonly Dictionary<string, InstanceHead> _heads = [];
    private readonly Dictionary<string, List<string>> _histories = [];
    private readonly Dictionary<string, List<string>> _inboxes = [];
    private readonly Dictionary<(string Instance, int Task), DueTimer> _timers = [];
    private readonly Dictionary<string, List<string>> _children = [];
    private readonly Dictionary<ActivityKey, ActivityWork> _activities = [];
    private HubCounters _counters;

    /// <summary>Executions that are known to have been begun.</summary>
    public long Executions => _counters.Executions;

    public HubSnapshot Load() => new(
        _counters,
        [.. _heads.Values.OrderBy(head => head.Id, StringComparer.Ordinal).Select(head => new InstanceSnapshot(
            head,
            Events(_histories, head.Id),
            Events(_inboxes, head.Id),
            [.. _timers.Where(timer => timer.Key.Instance == head.Id).Select(timer => timer.Value)],
            _children.GetValueOrDefault(head.Id) ?? []))],
        [.. _activities.Values]);

    public bool HasCall(string instanceId, string name, string? input)
        => _activities.Values.Any(work => (work.Key.InstanceId, work.Name, work.Input) == (instanceId, name, input));

    public void Write(IEnumerable<HubRow> rows)
    {
        foreach (var row in rows)
        {
            Write(row);
        }
    }

    private void Write(HubRow row)
    {
        switch (row)
        {
            case CountersSet set:
                _counters = set.Counters;
                break;
            case InstanceSet set:
                _heads[set.Head.Id] = set.Head;
                break;
            case InstanceRemoved removed:
                Remove(removed.InstanceId);
                break;
            case HistoryAppended appended:
                var history = List(_histories, appended.InstanceId);
                Assert.Equal(history.Count, appended.Position);
                history.AddRange(appended.Events.Select(HistoryJson.Write));
                break;
            case HistoryCleared cleared:
                _histories.Remove(cleared.InstanceId);
                break;
            case InboxAdded added:
                List(_inboxes, added.InstanceId).Add(HistoryJson.Write(added.Message));
                break;
            case InboxTaken taken:
                List(_inboxes, taken.InstanceId).RemoveRange(0, taken.Count);
                break;
            case TimerAdded added:
                _timers.Add((added.Timer.InstanceId, added.Timer.TaskId), added.Timer);
                break;
            case TimerRemoved removed:
                Assert.True(_timers.Remove((removed.InstanceId, removed.TaskId)));
                break;
            case ChildAdded added:
                List(_children, added.InstanceId).Add(added.ChildId);
                break;
            case ActivityAdded added:
                _activities.Add(added.Work.Key, added.Work);
                break;
            case ActivityRemoved removed:
                _activities.Remove(removed.Key);
                break;
            default:
                throw new InvalidOperationException($"Unknown row {row.GetType()}.");
        }
    }

    private void Remove(string id)
    {
        _heads.Remove(id);
        _histories.Remove(id);
        _inboxes.Remove(id);
        _children.Remove(id);
        Assert.DoesNotContain(_timers.Keys, key => key.Instance == id);
    }

    private static List<string> List(Dictionary<string, List<string>> lists, string id)
    {
        if (!lists.TryGetValue(id, out var list))
        {
            lists.Add(id, list = []);
        }

        return list;
    }

    private static List<HistoryEvent> Events(Dictionary<string, List<string>> lists, string id)
        => [.. (lists.GetValueOrDefault(id) ?? []).Select(HistoryJson.Read)];
}
