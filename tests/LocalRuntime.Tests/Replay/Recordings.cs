using System.Text.Json;
using DurableTask.Core.History;
using ModelJobs.LocalRuntime.Replay;
using ModelJobs.LocalRuntime.Tests.Engine;
using ModelJobs.LocalRuntime.Worker.Durable.Management;

namespace ModelJobs.LocalRuntime.Tests.Replay;

/// <summary>Histories of <see cref="Orders"/>, as the engine makes them.</summary>
internal static class Recordings
{
    public static async Task<OrchestrationHistory> WholeAsync(string id, bool isOver = true)
        => OrchestrationHistory.Of(await RecordAsync(id, isOver));

    public static async Task<OrchestrationHistory> CondensedAsync(string id, bool isOver = true)
        => OrchestrationHistory.Parse(await CondensedJsonAsync(id, showOutput: true, isOver));

    public static async Task<string> CondensedJsonAsync(string id, bool showOutput, bool isOver = true)
    {
        var events = CondensedHistory.Of(await RecordAsync(id, isOver), showInput: true, showOutput);
        return JsonSerializer.Serialize(new { name = "Order", instanceId = id, historyEvents = events }, ManagementJson.Options);
    }

    private static async Task<IReadOnlyList<HistoryEvent>> RecordAsync(string id, bool isOver)
    {
        var bills = 0;
        await using var harness = await new EngineHarness()
            .Orchestrator("Order", Orders.Run)
            .Orchestrator("Ship", context => Task.FromResult(context.GetInput<int>()))
            .Activity<string, int>("Reserve", _ => 7)
            .Activity<int, int>("Bill", _ => ++bills == 1 ? throw new TimeoutException("busy") : 0)
            .StartAsync();

        await harness.ScheduleAsync("Order", isOver ? "ends" : "waits", id);
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        harness.Time.Advance(TimeSpan.FromSeconds(6));
        if (isOver)
        {
            await harness.CompletionAsync(id);
        }
        else
        {
            await harness.UntilHistoryHasAsync<EventSentEvent>(id);
        }

        return harness.Engine.GetHistory(id);
    }
}
