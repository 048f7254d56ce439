namespace DurableTask.Core.History;

/// <summary>A turn begins; its time is the orchestrator's time until the next turn.</summary>
public class OrchestratorStartedEvent(int eventId) : HistoryEvent(EventType.OrchestratorStarted, eventId);

/// <summary>A turn ends.</summary>
public class OrchestratorCompletedEvent(int eventId) : HistoryEvent(EventType.OrchestratorCompleted, eventId);
