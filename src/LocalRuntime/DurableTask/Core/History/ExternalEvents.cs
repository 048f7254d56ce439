using DurableTask.Core.Tracing;

namespace DurableTask.Core.History;

/// <summary>The orchestrator sent an event to another instance.</summary>
public class EventSentEvent(int eventId) : HistoryEvent(EventType.EventSent, eventId)
{
    public string InstanceId { get; set; } = "";

    public string Name { get; set; } = "";

    public string? Input { get; set; }
}

/// <summary>A client or another orchestrator sent an event to this one.</summary>
public class EventRaisedEvent(int eventId, string? input) : HistoryEvent(EventType.EventRaised, eventId), ISupportsDurableTraceContext
{
    public string Name { get; set; } = "";

    public string? Input { get; set; } = input;

    public DistributedTraceContext? ParentTraceContext { get; set; }
}
