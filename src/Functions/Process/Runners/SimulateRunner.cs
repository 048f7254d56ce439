using System.Text.Json;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>
/// A model that only takes time. Input <c>{"id": 7, "duration": 0.2}</c> waits 0.2 seconds and answers <c>"Event 7 processed"</c>;
/// <c>"fail": "transient" | "permanent"</c> makes it fail after the wait, on the first <c>"failTimes"</c> attempts or on all.
/// </summary>
/// <param name="time">The clock that the waits are measured by.</param>
public sealed class SimulateRunner(TimeProvider time) : IModelRunner
{
    /// <summary>Longest <c>duration</c> of an item, in seconds.</summary>
    public const int MaxDurationSeconds = 3600;

    /// <inheritdoc/>
    /// <remarks>Items run one after another: a chunk stands for work that one worker does in sequence; chunks run side by side.</remarks>
    public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
    {
        var outcomes = new ItemOutcome[items.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            outcomes[i] = SimulatedEvent.TryRead(items[i].Item.Input, out var simulated, out var problem)
                ? await RunAsync(simulated, items[i].Attempt, cancellationToken)
                : ItemOutcome.Permanent("invalid_input", problem);
        }

        return outcomes;
    }

    private async Task<ItemOutcome> RunAsync(SimulatedEvent simulated, int attempt, CancellationToken cancellationToken)
    {
        // Without a wait there must be no timer either: jobs of duration 0 measure what the system itself costs.
        if (simulated.Duration > TimeSpan.Zero)
            await Task.Delay(simulated.Duration, time, cancellationToken);

        if (simulated.Failure is not { } failure || attempt > failure.Times)
            return ItemOutcome.Succeeded(JsonSerializer.SerializeToElement($"Event {simulated.Id} processed"));

        var message = $"Event {simulated.Id} failed on attempt {attempt}, as its input asks.";
        return failure.IsTransient ? ItemOutcome.Transient("simulated", message) : ItemOutcome.Permanent("simulated", message);
    }
}
