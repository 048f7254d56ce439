using DurableTask.Core;
using DurableTask.Core.History;
using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Engine;

/// <content>What is done with what the hub has to do.</content>
internal sealed partial class OrchestrationEngine
{
    private Func<TaskOrchestrationContext, Task<object?>>? FindOrchestrator(string name) => _invoker.FindOrchestrator(name);

    private Task RunTurn(string instanceId)
    {
        OrchestratorTurn? turn = null;
        FailureDetails? refusal = null;
        lock (_gate)
        {
            if (!_inTurn.Add(instanceId))
            {
                // A turn from before a stop that did not wait long enough; the instance is dispatched again when it ends.
                return Task.CompletedTask;
            }

            if (_hub.Find(instanceId) is { IsRunnable: true } instance)
            {
                turn = new OrchestratorTurn(
                    instance, [.. instance.Inbox], Now, _options.DefaultVersion, FindOrchestrator, _converter, _loggerFactory);
                refusal = _versions.Matches(instance) ? null : _versions.Failure(instance);
            }
        }

        var committed = refusal is null ? turn?.Run() : turn?.Refuse(refusal);
        lock (_gate)
        {
            if (committed is not null)
            {
                Commit(committed);
            }

            _inTurn.Remove(instanceId);
            _dispatched.Remove(instanceId);
            if (_hub.Find(instanceId) is { } instance)
            {
                Dispatch(instance);
            }
        }

        return Task.CompletedTask;
    }

    private async Task RunActivity(ActivityWork work)
    {
        var stopping = _stopping.Token;
        HistoryEvent outcome;
        try
        {
            // What an activity does cannot be taken back, so the turn that called it must not be either.
            await Written;
            var result = await _invoker.RunActivityAsync(work.Name, work.Key.InstanceId, work.Input, TraceOf(work), stopping);
            _limited?.Check(result);
            outcome = new TaskCompletedEvent(HistoryEvent.NoId, work.Key.TaskId, result) { Timestamp = Now };
        }
        catch (Exception exception) when (stopping.IsCancellationRequested)
        {
            _logger.LogDebug(exception, "Activity '{Name}' stopped with the host; it will run again.", work.Name);
            return;
        }
        catch (Exception exception)
        {
            var failure = FailureDetails.Of(exception, exception is FunctionNotFoundException);
            outcome = new TaskFailedEvent(HistoryEvent.NoId, work.Key.TaskId, failure.ErrorMessage, null, failure) { Timestamp = Now };
        }

        lock (_gate)
        {
            Commit(new ActivityFinished(work.Key, outcome));
        }
    }

    private DistributedTraceContext? TraceOf(ActivityWork work)
    {
        lock (_gate)
        {
            return _hub.Find(work.Key.InstanceId)?.Started.ParentTraceContext;
        }
    }

    private void FireTimers()
    {
        lock (_gate)
        {
            if (_turns is null)
            {
                return;
            }

            var now = Now;
            while (_hub.NextTimer is { } timer && timer.FireAt <= now)
            {
                Commit(new TimerElapsed(timer.InstanceId, timer.TaskId, now));
            }

            _alarm.Set(_hub.NextTimer?.FireAt, hasRung: true);
        }
    }
}
