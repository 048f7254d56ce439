using System.Text.Json.Serialization;

namespace DurableTask.Core.History;

/// <summary>The orchestrator made a timer.</summary>
[method: JsonConstructor]
public class TimerCreatedEvent(int eventId, DateTime fireAt) : HistoryEvent(EventType.TimerCreated, eventId)
{
    public TimerCreatedEvent(int eventId)
        : this(eventId, default)
    {
    }

    /// <summary>UTC.</summary>
    public DateTime FireAt { get; set; } = fireAt;
}

[method: JsonConstructor]
public class TimerFiredEvent(int eventId, DateTime fireAt) : HistoryEvent(EventType.TimerFired, eventId)
{
    public TimerFiredEvent(int eventId)
        : this(eventId, default)
    {
    }

    /// <summary>Number of the request that made the timer.</summary>
    public int TimerId { get; set; }

    /// <summary>When it was due, UTC.</summary>
    public DateTime FireAt { get; set; } = fireAt;
}
