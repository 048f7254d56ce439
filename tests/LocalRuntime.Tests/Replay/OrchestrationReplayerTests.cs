using System.Text.Json;
using ModelJobs.LocalRuntime.Replay;

namespace ModelJobs.LocalRuntime.Tests.Replay;

public sealed class OrchestrationReplayerTests
{
    [Fact]
    public async Task Replay_UnchangedOrchestrator_OfAWholeHistory_Passes()
    {
        var history = await Recordings.WholeAsync("order-1");

        OrchestrationReplayer.Replay(history, Orders.Run);
        OrchestrationReplayer.Replay(OrchestrationHistory.Parse(history.ToJson()), Orders.Run);
    }

    [Fact]
    public async Task Replay_UnchangedOrchestrator_OfACondensedHistory_Passes()
    {
        var history = await Recordings.CondensedAsync("order-1");

        Assert.True(history.IsCondensed);
        OrchestrationReplayer.Replay(history, Orders.Run);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Replay_ChangedOrchestrator_OfAWholeHistory_NamesTheSpot(string change, string whole, string condensed)
    {
        _ = condensed;
        var history = await Recordings.WholeAsync("order-1");

        var thrown = Assert.Throws<NonDeterminismException>(() => OrchestrationReplayer.Replay(history, Orders.Changed(change)));

        var (expected, found) = (whole.Split(", but ")[0], whole.Split(", but ")[1]);
        Assert.StartsWith("Non-deterministic orchestrator 'Order', instance 'order-1': its history " + expected, thrown.Message, StringComparison.Ordinal);
        Assert.Contains(", but " + found, thrown.Message, StringComparison.Ordinal);
        Assert.Contains("context.Version", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(("Order", "order-1"), (thrown.Orchestrator, thrown.InstanceId));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Replay_ChangedOrchestrator_OfACondensedHistory_SaysWhatDiffers(string change, string whole, string condensed)
    {
        _ = whole;
        var history = await Recordings.CondensedAsync("order-1");

        var thrown = Assert.Throws<NonDeterminismException>(() => OrchestrationReplayer.Replay(history, Orders.Changed(change)));

        Assert.Contains(condensed, thrown.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Changes() => new()
    {
        { "other activity", "expects activity 'Reserve' (#0), but the replayed code asked for activity 'Hold' (#0)", "has an answer to activity 'Reserve'" },
        { "one more", "expects nothing more in its last turn, but the replayed code asked for activity 'Notify' (#6)", "asks 0 times for activity 'Notify', but the replayed code asks 1 times" },
        { "no timer", "expects a timer (#2), but the replayed code asked for sub-orchestration 'Ship'", "but the replayed code" },
        { "other child", "expects sub-orchestration 'Ship' with id 'order-1-ship' (#4), but the replayed code asked for sub-orchestration 'Send'", "has an answer to sub-orchestration 'Ship'" },
        { "throws", "completes, but the replayed code fails (System.InvalidOperationException: changed)", "completes, but the replayed code fails" },
        { "returns early", "expects activity 'Bill' (#1), but the replayed code asked for nothing more", "asks 2 times for activity 'Bill', but the replayed code asks 0 times" },
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Replay_HistoryThatIsNotOver_PassesWhileTheCodeWaits(bool isCondensed)
    {
        var history = isCondensed ? await Recordings.CondensedAsync("waiting", isOver: false) : await Recordings.WholeAsync("waiting", isOver: false);

        OrchestrationReplayer.Replay(history, Orders.Run);
        var thrown = Assert.Throws<NonDeterminismException>(() => OrchestrationReplayer.Replay(history, Orders.Changed("never waits")));

        Assert.Contains("waits for more, but the replayed code completes", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_FunctionsOfAnAssembly_FindsTheOrchestratorByName()
    {
        var history = await Recordings.WholeAsync("order-1");

        OrchestrationReplayer.Replay(history, typeof(Orders).Assembly);
        var unknown = OrchestrationHistory.Parse(history.ToJson().Replace("\"Name\":\"Order\"", "\"Name\":\"Gone\"", StringComparison.Ordinal));
        var thrown = Assert.Throws<ArgumentException>(() => OrchestrationReplayer.Replay(unknown, typeof(Orders).Assembly));

        Assert.Contains("no orchestrator function named 'Gone'", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("Order", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_HistoryOfTheFrameworkWithNumbers_IsRead()
    {
        const string Json = """
            [
              {"EventId":-1,"IsPlayed":false,"Timestamp":"2026-01-01T00:00:00Z","EventType":12},
              {"OrchestrationInstance":{"InstanceId":"i","ExecutionId":"e"},"EventType":0,"ParentInstance":null,"Name":"Order","Version":"",
               "Input":"\"waits\"","Tags":null,"Correlation":null,"EventId":-1,"IsPlayed":true,"Timestamp":"2026-01-01T00:00:00Z"},
              {"EventType":4,"Name":"Reserve","Version":"","Input":"\"waits\"","EventId":0,"IsPlayed":false,"Timestamp":"2026-01-01T00:00:00Z"},
              {"EventType":13,"EventId":-1,"IsPlayed":false,"Timestamp":"2026-01-01T00:00:00Z"}
            ]
            """;

        var history = OrchestrationHistory.Parse(Json);

        Assert.Equal(("Order", "i", false), (history.Name, history.InstanceId, history.IsCondensed));
        OrchestrationReplayer.Replay(history, Orders.Run);
    }

    [Theory]
    [InlineData("{", "not the JSON of a history")]
    [InlineData("{\"historyEvents\":null}", "no 'historyEvents'")]
    [InlineData("[]", "no event ExecutionStarted")]
    [InlineData("[{\"EventId\":-1}]", "has no 'EventType'")]
    [InlineData("[{\"EventType\":\"ExecutionStarted\"}]", "name is not given")]
    public void Parse_WhatIsNoHistory_SaysWhatIsWrong(string json, string message)
        => Assert.Contains(message, Assert.Throws<FormatException>(() => OrchestrationHistory.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Replay_CondensedHistoryWithoutOutputs_SaysHowToFetchThem()
    {
        var history = OrchestrationHistory.Parse(JsonSerializer.Serialize(
            JsonElement.Parse(await Recordings.CondensedJsonAsync("order-1", showOutput: false))));

        var thrown = Assert.Throws<FormatException>(() => OrchestrationReplayer.Replay(history, Orders.Run));

        Assert.Contains("showHistoryOutput=true", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_PayloadThatTodaysTypesCannotRead_FailsAndSaysSo()
    {
        var history = await Recordings.WholeAsync("order-1");
        var changed = OrchestrationHistory.Parse(history.ToJson().Replace("\"Result\":\"7\"", "\"Result\":\"{}\"", StringComparison.Ordinal));

        var thrown = Assert.Throws<NonDeterminismException>(() => OrchestrationReplayer.Replay(changed, Orders.Run));

        Assert.Contains("nothing more", thrown.Message, StringComparison.Ordinal);
    }
}
