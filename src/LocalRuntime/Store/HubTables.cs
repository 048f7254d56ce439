using System.Globalization;
using DurableTask.Core.History;
using Microsoft.Data.Sqlite;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>The tables of the task hub.</summary>
internal sealed class HubTables : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<Statement> _statements = [];
    private readonly Statement _setCounters;
    private readonly Statement _setInstance;
    private readonly Statement[] _removeInstance;
    private readonly Statement _appendEvent;
    private readonly Statement _clearHistory;
    private readonly Statement _addToInbox;
    private readonly Statement _takeFromInbox;
    private readonly Statement _addTimer;
    private readonly Statement _removeTimer;
    private readonly Statement _addChild;
    private readonly Statement _addActivity;
    private readonly Statement _removeActivity;
    private HubCounters _counters;
    private HubCounters _writtenCounters;

    public HubTables(SqliteConnection connection)
    {
        _connection = connection;
        _setCounters = Prepare("UPDATE hub SET executions = ?1, timers = ?2, history_events = ?3");
        _setInstance = Prepare("INSERT OR REPLACE INTO instance VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        _removeInstance =
        [
            Prepare("DELETE FROM instance WHERE id = ?1"),
            Prepare("DELETE FROM history WHERE instance = ?1"),
            Prepare("DELETE FROM inbox WHERE instance = ?1"),
            Prepare("DELETE FROM timer WHERE instance = ?1"),
            Prepare("DELETE FROM child WHERE instance = ?1"),
        ];
        _appendEvent = Prepare("INSERT INTO history VALUES (?1, ?2, ?3)");
        _clearHistory = Prepare("DELETE FROM history WHERE instance = ?1");
        _addToInbox = Prepare("INSERT INTO inbox (instance, event) VALUES (?1, ?2)");
        _takeFromInbox = Prepare(
            "DELETE FROM inbox WHERE position IN (SELECT position FROM inbox WHERE instance = ?1 ORDER BY position LIMIT ?2)");
        _addTimer = Prepare("INSERT INTO timer VALUES (?1, ?2, ?3, ?4)");
        _removeTimer = Prepare("DELETE FROM timer WHERE instance = ?1 AND task_id = ?2");
        _addChild = Prepare("INSERT OR IGNORE INTO child VALUES (?1, ?2)");
        _addActivity = Prepare("INSERT INTO activity VALUES (?1, ?2, ?3, ?4, ?5)");
        _removeActivity = Prepare("DELETE FROM activity WHERE instance = ?1 AND execution = ?2 AND task_id = ?3");
    }

    public HubSnapshot Load()
    {
        var counters = Query(
            "SELECT executions, timers, history_events FROM hub",
            static row => new HubCounters(row.Integer(0), row.Integer(1), row.Integer(2)));
        _counters = _writtenCounters = counters.Single();
        var history = Events("SELECT instance, event FROM history ORDER BY instance, position");
        var inbox = Events("SELECT instance, event FROM inbox ORDER BY instance, position");
        var timers = Query(
                "SELECT instance, task_id, fire_at, sequence FROM timer",
                static row => new DueTimer(Time(row.Text(2)), row.Integer(3), row.Text(0), (int)row.Integer(1)))
            .ToLookup(static timer => timer.InstanceId);
        var children = Query("SELECT instance, child FROM child", static row => (Instance: row.Text(0), Child: row.Text(1)))
            .ToLookup(static row => row.Instance, static row => row.Child);
        var instances = Query("SELECT id, execution, updated_at, has_started, is_suspended, custom_status, started, completed FROM instance", ReadHead);
        var activities = Query(
            "SELECT instance, execution, task_id, name, input FROM activity",
            static row => new ActivityWork(
                new ActivityKey(row.Text(0), row.Integer(1), (int)row.Integer(2)), row.Text(3), row.TextOrNull(4)));
        return new HubSnapshot(
            _counters,
            [.. instances.Select(head
                => new InstanceSnapshot(head, [.. history[head.Id]], [.. inbox[head.Id]], [.. timers[head.Id]], [.. children[head.Id]]))],
            activities);
    }

    public void Write(IReadOnlyList<HubRow> rows)
    {
        foreach (var row in rows)
        {
            Write(row);
        }
    }

    /// <summary>Writes the counters if they changed: once for a whole transaction.</summary>
    public void Finish()
    {
        if (_counters != _writtenCounters)
        {
            _setCounters.Bind(1, _counters.Executions).Bind(2, _counters.Timers).Bind(3, _counters.HistoryEvents).RunOnOne();
            _writtenCounters = _counters;
        }
    }

    public void Dispose() => _statements.ForEach(statement => statement.Dispose());

    private void Write(HubRow row)
    {
        switch (row)
        {
            case CountersSet set:
                _counters = set.Counters;
                break;
            case InstanceSet set:
                Write(set.Head);
                break;
            case InstanceRemoved removed:
                Array.ForEach(_removeInstance, statement => statement.Bind(1, removed.InstanceId).Run());
                break;
            case HistoryAppended appended:
                for (var i = 0; i < appended.Events.Count; i++)
                {
                    _appendEvent.Bind(1, appended.InstanceId).Bind(2, appended.Position + i).Bind(3, HistoryJson.Write(appended.Events[i])).RunOnOne();
                }

                break;
            case HistoryCleared cleared:
                _clearHistory.Bind(1, cleared.InstanceId).Run();
                break;
            case InboxAdded added:
                _addToInbox.Bind(1, added.InstanceId).Bind(2, HistoryJson.Write(added.Message)).RunOnOne();
                break;
            case InboxTaken taken:
                _takeFromInbox.Bind(1, taken.InstanceId).Bind(2, taken.Count).Run();
                break;
            case TimerAdded added:
                var timer = added.Timer;
                _addTimer.Bind(1, timer.InstanceId).Bind(2, timer.TaskId).Bind(3, Text(timer.FireAt)).Bind(4, timer.Sequence).RunOnOne();
                break;
            case TimerRemoved removed:
                _removeTimer.Bind(1, removed.InstanceId).Bind(2, removed.TaskId).RunOnOne();
                break;
            case ChildAdded added:
                _addChild.Bind(1, added.InstanceId).Bind(2, added.ChildId).Run();
                break;
            case ActivityAdded added:
                Key(_addActivity, added.Work.Key).Bind(4, added.Work.Name).Bind(5, added.Work.Input).RunOnOne();
                break;
            case ActivityRemoved removed:
                Key(_removeActivity, removed.Key).Run();
                break;
            default:
                throw new InvalidOperationException($"Unknown row {row.GetType()}.");
        }
    }

    private void Write(InstanceHead head) => _setInstance
        .Bind(1, head.Id).Bind(2, head.Started.Name).Bind(3, head.Execution).Bind(4, Text(head.LastUpdatedAt))
        .Bind(5, head.HasStarted).Bind(6, head.IsSuspended).Bind(7, head.CustomStatus)
        .Bind(8, HistoryJson.Write(head.Started)).Bind(9, head.Completion is { } completion ? HistoryJson.Write(completion) : null).RunOnOne();

    private static InstanceHead ReadHead(Statement row) => new()
    {
        Id = row.Text(0),
        Execution = row.Integer(1),
        LastUpdatedAt = Time(row.Text(2)),
        HasStarted = row.Flag(3),
        IsSuspended = row.Flag(4),
        CustomStatus = row.TextOrNull(5),
        Started = (ExecutionStartedEvent)HistoryJson.Read(row.Text(6)),
        Completion = row.IsNull(7) ? null : (ExecutionCompletedEvent)HistoryJson.Read(row.Text(7)),
    };

    private static Statement Key(Statement statement, ActivityKey key)
        => statement.Bind(1, key.InstanceId).Bind(2, key.Execution).Bind(3, key.TaskId);

    private ILookup<string, HistoryEvent> Events(string sql)
        => Query(sql, static row => (Instance: row.Text(0), Event: HistoryJson.Read(row.Text(1))))
            .ToLookup(static row => row.Instance, static row => row.Event);

    private List<T> Query<T>(string sql, Func<Statement, T> read)
    {
        using var statement = new Statement(_connection, sql);
        return statement.Query(read);
    }

    private Statement Prepare(string sql)
    {
        var statement = new Statement(_connection, sql);
        _statements.Add(statement);
        return statement;
    }

    private static string Text(DateTime time) => time.ToString("O", CultureInfo.InvariantCulture);

    private static DateTime Time(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}
