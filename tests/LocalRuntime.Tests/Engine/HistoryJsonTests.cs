using DurableTask.Core;
using DurableTask.Core.History;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class HistoryJsonTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly Events Make = new(Now);

    /// <summary>The form is kept in state files and in recorded histories: what is here must not change.</summary>
    public static TheoryData<string, HistoryEvent> Kinds => new()
    {
        {
            """
            {"EventType":"ExecutionStarted","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","Name":"A","Version":"2","Input":"{}","ParentInstance":
            {"Name":"P","Version":"1","OrchestrationInstance":{"InstanceId":"p","ExecutionId":"7"},"TaskScheduleId":3},"Tags":{"tag":"value"},
            "ScheduledStartTime":"2026-01-02T00:00:00Z","OrchestrationInstance":{"InstanceId":"a","ExecutionId":"8"}}
            """,
            Full()
        },
        { """{"EventType":"OrchestratorStarted","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z"}""", Make.TurnBegins() },
        { """{"EventType":"OrchestratorCompleted","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z"}""", Make.TurnEnds() },
        { """{"EventType":"TaskScheduled","EventId":0,"Timestamp":"2026-01-01T00:00:00Z","Name":"T","Input":"1"}""", Make.Task(0, "T", "1") },
        { """{"EventType":"TaskCompleted","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","TaskScheduledId":0,"Result":"1"}""", Make.TaskDone(0, "1") },
        {
            """
            {"EventType":"TaskFailed","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","TaskScheduledId":0,"Reason":"é","FailureDetails":
            {"ErrorType":"E","ErrorMessage":"é","StackTrace":"at","InnerFailure":{"ErrorType":"I","ErrorMessage":"why"},"IsNonRetriable":true}}
            """,
            Make.TaskFailed(0, new FailureDetails("E", "é", "at", new FailureDetails("I", "why", null, null, false), true))
        },
        {
            """{"EventType":"TimerCreated","EventId":1,"Timestamp":"2026-01-01T00:00:00Z","FireAt":"2026-01-02T00:00:00Z"}""",
            Make.Timer(1, Now.AddDays(1))
        },
        {
            """{"EventType":"TimerFired","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","TimerId":1,"FireAt":"2026-01-02T00:00:00Z"}""",
            Make.TimerFired(1, Now.AddDays(1))
        },
        {
            """
            {"EventType":"SubOrchestrationInstanceCreated","EventId":2,"Timestamp":"2026-01-01T00:00:00Z","Name":"C","InstanceId":"c","Input":"1"}
            """,
            Make.Child(2, "C", "c", "1")
        },
        {
            """
            {"EventType":"SubOrchestrationInstanceCompleted","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","TaskScheduledId":2,"Result":"1"}
            """,
            Make.ChildDone(2, "1")
        },
        {
            """
            {"EventType":"SubOrchestrationInstanceFailed","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","TaskScheduledId":2,"Reason":"m",
            "FailureDetails":{"ErrorType":"E","ErrorMessage":"m"}}
            """,
            Make.ChildFailed(2, new FailureDetails("E", "m", null, null, false))
        },
        {
            """{"EventType":"EventSent","EventId":3,"Timestamp":"2026-01-01T00:00:00Z","InstanceId":"b","Name":"e","Input":"1"}""",
            Make.Sent(3, "b", "e", "1")
        },
        { """{"EventType":"EventRaised","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","Name":"e","Input":"1"}""", Make.Raised("e", "1") },
        { """{"EventType":"ExecutionSuspended","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","Reason":"r"}""", Make.Suspended("r") },
        { """{"EventType":"ExecutionResumed","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","Reason":"r"}""", Make.Resumed("r") },
        { """{"EventType":"ExecutionTerminated","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","Input":"1"}""", Make.Terminated("1") },
        { """{"EventType":"ExecutionRewound","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","Reason":"r"}""", Make.Rewound("r") },
        {
            """
            {"EventType":"ContinueAsNew","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","OrchestrationStatus":"ContinuedAsNew","Result":"1"}
            """,
            Make.Again("1")
        },
        {
            """
            {"EventType":"ExecutionCompleted","EventId":-1,"Timestamp":"2026-01-01T00:00:00Z","OrchestrationStatus":"Completed","Result":"1"}
            """,
            Make.Completed("1")
        },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void WriteAndRead_EachKind_HasAzuresNamesAndComesBack(string json, HistoryEvent written)
    {
        var expected = json.ReplaceLineEndings("");
        Assert.Equal(expected, HistoryJson.Write(written));

        var read = HistoryJson.Read(expected);

        Assert.IsType(written.GetType(), read);
        Assert.Equal(written.EventType, read.EventType);
        Assert.Equal(expected, HistoryJson.Write(read));
    }

    [Fact]
    public void Kinds_OfThisTest_AreAllThereAre()
        => Assert.Equal(
            typeof(HistoryEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(HistoryEvent))).Select(type => type.Name).Order(),
            Kinds.Select(kind => kind.Data.Item2.GetType().Name).Order());

    [Fact]
    public void ReadAll_OfAHistory_GivesItInOrder()
    {
        var read = HistoryJson.ReadAll(HistoryJson.WriteAll([Make.TurnBegins(), Make.Started("A"), Make.TurnEnds()]));

        Assert.Equal([EventType.OrchestratorStarted, EventType.ExecutionStarted, EventType.OrchestratorCompleted], read.Select(e => e.EventType));
    }

    private static ExecutionStartedEvent Full()
    {
        var started = Make.Started("A", "{}", Now.AddDays(1));
        started.Version = "2";
        started.Tags = new Dictionary<string, string> { ["tag"] = "value" };
        started.OrchestrationInstance = new OrchestrationInstance { InstanceId = "a", ExecutionId = "8" };
        started.ParentInstance = new ParentInstance
        {
            Name = "P",
            Version = "1",
            OrchestrationInstance = new OrchestrationInstance { InstanceId = "p", ExecutionId = "7" },
            TaskScheduleId = 3,
        };
        return started;
    }
}
