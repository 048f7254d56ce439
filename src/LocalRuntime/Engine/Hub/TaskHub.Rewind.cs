using DurableTask.Core;
using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <content>How a failed instance gets another try.</content>
internal sealed partial class TaskHub
{
    private void Rewind(InstanceRewound rewound, HubEffects effects)
    {
        if (Find(rewound.InstanceId) is { Completion.OrchestrationStatus: OrchestrationStatus.Failed } instance)
        {
            Rewind(instance, rewound, parentExecution: null, effects);
        }
    }

    /// <summary>
    /// What failed, and who asked for it, is taken out of the history, so that replay asks for it again; a sub-orchestration that failed is
    /// rewound itself. All else in the history stays as it happened.
    /// </summary>
    private void Rewind(Instance instance, InstanceRewound rewound, long? parentExecution, HubEffects effects)
    {
        var before = instance.Execution;
        instance.Execution = ++_executions;
        instance.Completion = null;
        instance.LastUpdatedAt = rewound.At;
        var children = FailedChildren(instance, before);
        var answered = instance.History.Where(IsSuccess).Select(outcome => Outcome.TaskOf(outcome)!.Value).ToHashSet();
        var kept = instance.History.Where(appended => IsKept(appended, answered, children)).ToList();
        instance.Started = Again(instance, parentExecution);
        var start = kept.FindIndex(static appended => appended is ExecutionStartedEvent);
        if (start >= 0)
        {
            kept[start] = instance.Started;
        }

        effects.Rows.Add(new HistoryCleared(instance.Id));
        instance.History = [];
        Append(instance, kept, effects);
        OpenAgain(instance);
        foreach (var timer in kept.OfType<TimerCreatedEvent>().Where(timer => !answered.Contains(timer.EventId)))
        {
            instance.Open.Add(timer.EventId);
            AddTimer(instance, timer.EventId, timer.FireAt, effects);
        }

        foreach (var child in children.Values)
        {
            Rewind(child, rewound, instance.Execution, effects);
        }

        effects.Rows.Add(new InstanceSet(instance.ToHead()));
        var message = new ExecutionRewoundEvent(HistoryEvent.NoId, rewound.Reason)
        {
            ParentExecutionId = parentExecution is { } parent ? ExecutionId.Of(parent) : null,
            InstanceId = instance.Id,
            Timestamp = rewound.At,
        };
        Deliver(instance, message, effects);
    }

    /// <summary>By the number of the call.</summary>
    private Dictionary<int, Instance> FailedChildren(Instance instance, long execution) => instance.History
        .OfType<SubOrchestrationInstanceCreatedEvent>()
        .Select(created => (created.EventId, Child: Find(created.InstanceId)))
        .Where(call => call.Child is { Completion.OrchestrationStatus: OrchestrationStatus.Failed, Parent: { } parent }
            && parent.OrchestrationInstance.InstanceId == instance.Id
            && parent.OrchestrationInstance.ExecutionId == ExecutionId.Of(execution)
            && parent.TaskScheduleId == call.EventId)
        .ToDictionary(call => call.EventId, call => call.Child!);

    private static bool IsSuccess(HistoryEvent appended)
        => appended is TaskCompletedEvent or SubOrchestrationInstanceCompletedEvent or TimerFiredEvent;

    private static bool IsKept(HistoryEvent appended, HashSet<int> answered, Dictionary<int, Instance> children) => appended switch
    {
        TaskFailedEvent or SubOrchestrationInstanceFailedEvent or ExecutionCompletedEvent => false,
        TaskScheduledEvent task => answered.Contains(task.EventId),
        SubOrchestrationInstanceCreatedEvent child => answered.Contains(child.EventId) || children.ContainsKey(child.EventId),
        _ => true,
    };

    /// <summary>The start of an execution that repeats the one before.</summary>
    private static ExecutionStartedEvent Again(Instance instance, long? parentExecution)
    {
        var before = instance.Started;
        var parent = before.ParentInstance;
        return new ExecutionStartedEvent(HistoryEvent.NoId, before.Input)
        {
            OrchestrationInstance = new OrchestrationInstance { InstanceId = instance.Id, ExecutionId = ExecutionId.Of(instance.Execution) },
            Name = before.Name,
            Version = before.Version,
            Tags = before.Tags,
            ParentTraceContext = before.ParentTraceContext,
            ScheduledStartTime = before.ScheduledStartTime,
            Timestamp = before.Timestamp,
            ParentInstance = parent is null || parentExecution is null ? parent : new ParentInstance
            {
                Name = parent.Name,
                Version = parent.Version,
                TaskScheduleId = parent.TaskScheduleId,
                OrchestrationInstance = new OrchestrationInstance
                {
                    InstanceId = parent.OrchestrationInstance.InstanceId,
                    ExecutionId = ExecutionId.Of(parentExecution.Value),
                },
            },
        };
    }
}
