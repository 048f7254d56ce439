using DurableTask.Core.History;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <content>How requests are made.</content>
internal sealed partial class ReplayContext
{
    private Task<T> Request<T>(
        string name, Func<int, ActionKey> key, Func<string?> serialize, Func<int, string?, HistoryEvent> make)
    {
        ThrowIfForeignThread();
        var task = new OpenTask<T>(name, Requests.NextTaskId, _converter);
        _open.Add(Requests.NextTaskId, task);
        Request(key, serialize, make);
        return task.Task;
    }

    private void Request(Func<int, ActionKey> key, Func<string?> serialize, Func<int, string?, HistoryEvent> make)
    {
        var taskId = Requests.TakeTaskId();
        if (_isReplaying)
        {
            Requests.Add(key(taskId), () => make(taskId, serialize()));
            return;
        }

        try
        {
            // At once: the caller may go on to change it.
            var text = serialize();
            Requests.Add(key(taskId), () => make(taskId, text));
        }
        catch (Exception exception)
        {
            // A replay, which does not serialize again, would not see this; so there is to be none.
            Fault ??= exception;
            throw;
        }
    }

    private Task<object?> CreateOneTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        var taskId = Requests.NextTaskId;
        var task = Request<object?>(
            "timer",
            static taskId => new ActionKey(taskId, ActionKind.Timer),
            static () => null,
            (timerId, _) => new TimerCreatedEvent(timerId, fireAt) { Timestamp = _now });
        cancellationToken.Register(() => Cancel(taskId, cancellationToken));
        return task;
    }

    private async Task CreateLongTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        while (fireAt - _now > MaxTimerInterval && !cancellationToken.IsCancellationRequested)
        {
            await CreateOneTimer(_now + MaxTimerInterval, cancellationToken);
        }

        await CreateOneTimer(fireAt, cancellationToken);
    }

    private void Cancel(int timer, CancellationToken cancellationToken)
    {
        // Never throws: a token that some other thread sets runs this on that thread, where nobody would catch it.
        if (_scheduler.IsOwnThread && _open.Remove(timer, out var task))
        {
            if (!_isReplaying || Requests.IsPending(timer))
            {
                CanceledTimers.Add(timer);
            }

            ((OpenTask<object?>)task).TrySetCanceled(cancellationToken);
        }
    }

    /// <summary>The tags of a sub-orchestration: its own, and its parent's where it has none of that name.</summary>
    private Dictionary<string, string>? MergedTags(IDictionary<string, string>? own)
    {
        var merged = new Dictionary<string, string>(_started.Tags ?? new Dictionary<string, string>());
        foreach (var (name, value) in own ?? new Dictionary<string, string>())
        {
            merged[name] = value;
        }

        return merged.Count > 0 ? merged : null;
    }

    private void ThrowIfForeignThread()
    {
        if (!_scheduler.IsOwnThread)
        {
            throw new InvalidOperationException(
                $"The context of orchestrator '{Name}', instance '{_instanceId}', was used outside of its orchestrator's thread. "
                + "Orchestrators must not use Task.Run, threads or I/O; such work belongs in an activity.");
        }
    }

    private static string? NullIfEmpty(string version) => version.Length > 0 ? version : null;

    private static void ThrowIfMisplaced(object? input, TaskOptions? options)
    {
        if (input is TaskOptions && options is null)
        {
            throw new ArgumentException($"A {nameof(TaskOptions)} was given as the input; name the parameter: options: ...", nameof(input));
        }
    }
}
