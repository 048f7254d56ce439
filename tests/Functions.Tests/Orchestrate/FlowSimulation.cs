using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Replay;

namespace ModelJobs.Functions.Tests.Orchestrate;

/// <summary>
/// The app's orchestrators on the engine's task hub, with activities that a script answers, on one thread and under a clock of its own:
/// the same script gives the same histories. Every history of every execution is kept.
/// </summary>
internal sealed class FlowSimulation(Func<ActivityWork, int, Answer> script)
{
    /// <summary>Far more steps than any scenario takes.</summary>
    private const int MaxSteps = 100_000;

    /// <summary>When a simulation begins.</summary>
    public static readonly DateTimeOffset Begin = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly DateTime Start = Begin.UtcDateTime;

    private readonly TaskHub _hub = new();
    private readonly PriorityQueue<ActivityFinished, (DateTime At, int Order)> _running = new();
    private readonly Dictionary<(string InstanceId, long Execution), List<HistoryEvent>> _histories = [];
    private readonly Dictionary<(string Name, string? Input), int> _calls = [];
    private DateTime _now = Start;
    private int _started;

    /// <summary>Runs until nothing is left to do, or until a time.</summary>
    /// <param name="orchestrator">The orchestrator to start.</param>
    /// <param name="instanceId">Its id.</param>
    /// <param name="input">Its input.</param>
    /// <param name="sent">Messages to send it, each after a time from the start.</param>
    /// <param name="until">How long to run; for ever unless given.</param>
    public FlowSimulation Run(
        string orchestrator,
        string instanceId,
        object input,
        IEnumerable<(TimeSpan After, Func<DateTime, HistoryEvent> Message)>? sent = null,
        TimeSpan? until = null)
    {
        var end = until is { } limit ? Start + limit : DateTime.MaxValue;
        var messages = new Queue<(TimeSpan After, Func<DateTime, HistoryEvent> Message)>(sent ?? []);
        var serialized = JsonDataConverter.Default.Serialize(input);
        Apply(new InstanceCreated(
            instanceId, new ExecutionStartedEvent(HistoryEvent.NoId, serialized) { Name = orchestrator, Timestamp = _now }));
        for (var step = 0; step < MaxSteps; step++)
        {
            if (_hub.Instances.FirstOrDefault(instance => instance.IsRunnable) is { } runnable)
            {
                Turn(runnable);
                continue;
            }

            var activity = _running.TryPeek(out _, out var due) ? due.At : DateTime.MaxValue;
            var timer = _hub.NextTimer?.FireAt ?? DateTime.MaxValue;
            var message = messages.TryPeek(out var first) ? Start + first.After : DateTime.MaxValue;
            var next = new[] { activity, timer, message }.Min();
            if (next > end || next == DateTime.MaxValue)
            {
                return this;
            }

            _now = next > _now ? next : _now;
            if (next == message)
            {
                Apply(new MessageSent(instanceId, messages.Dequeue().Message(_now)));
            }
            else if (next == timer)
            {
                Apply(new TimerElapsed(_hub.NextTimer!.InstanceId, _hub.NextTimer.TaskId, _now));
            }
            else
            {
                Apply(_running.Dequeue());
            }
        }

        throw new InvalidOperationException("The scenario does not end.");
    }

    /// <summary>The histories of an orchestration's executions, oldest first.</summary>
    public IReadOnlyList<OrchestrationHistory> HistoriesOf(string instanceId) =>
    [
        .. _histories.Where(history => history.Key.InstanceId == instanceId)
            .OrderBy(history => history.Key.Execution)
            .Select(history => OrchestrationHistory.Of(history.Value)),
    ];

    /// <summary>The custom status of an orchestration as it stands.</summary>
    public T? StatusOf<T>(string instanceId) =>
        JsonDataConverter.Default.Deserialize<T>(_hub.Instances.Single(instance => instance.Id == instanceId).CustomStatus);

    private void Turn(Instance instance)
    {
        var execution = (instance.Id, instance.Execution);
        var turn = new OrchestratorTurn(
            instance, [.. instance.Inbox], _now, defaultVersion: "", FindOrchestrator, JsonDataConverter.Default, NullLoggerFactory.Instance).Run();
        if (!_histories.TryGetValue(execution, out var history))
        {
            _histories.Add(execution, history = []);
        }

        history.AddRange(turn.Events);
        Apply(turn);
    }

    private void Apply(HubChange change)
    {
        foreach (var work in _hub.Apply(change).Activities)
        {
            var call = (work.Name, work.Input);
            var attempt = _calls[call] = _calls.GetValueOrDefault(call) + 1;
            var answer = script(work, attempt);
            var at = _now + answer.After;
            HistoryEvent outcome = answer.Failure is { } failure
                ? new TaskFailedEvent(HistoryEvent.NoId, work.Key.TaskId, failure.ErrorMessage, null, failure)
                : new TaskCompletedEvent(HistoryEvent.NoId, work.Key.TaskId, JsonDataConverter.Default.Serialize(answer.Result));
            outcome.Timestamp = at;
            _running.Enqueue(new ActivityFinished(work.Key, outcome), (at, _started++));
        }
    }

    private static Func<TaskOrchestrationContext, Task<object?>>? FindOrchestrator(string name) => name switch
    {
        nameof(JobOrchestrator) => async context => await JobOrchestrator.Run(context),
        nameof(WebhookOrchestrator) => async context => await WebhookOrchestrator.Run(context),
        nameof(PageOrchestrator) => async context => await PageOrchestrator.Run(context),
        _ => null,
    };
}

/// <summary>What an activity of a script answers.</summary>
/// <param name="After">How long it takes.</param>
/// <param name="Result">What it returns.</param>
/// <param name="Failure">What it fails with instead.</param>
internal sealed record Answer(TimeSpan After, object? Result, FailureDetails? Failure = null)
{
    public static Answer Fail(double seconds, string message)
        => new(TimeSpan.FromSeconds(seconds), null, new FailureDetails("System.IO.IOException", message, null, null, isNonRetriable: false));
}
