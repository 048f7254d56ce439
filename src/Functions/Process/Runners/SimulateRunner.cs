using System.Text.Json;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>
/// A model that only takes time. Input <c>{"id": 7, "duration": 0.2}</c> waits 0.2 seconds and answers <c>"Event 7 processed"</c>;
/// <c>"fail": "transient" | "permanent"</c> makes it fail after the wait, on the first <c>"failTimes"</c> attempts or on all. Where the
/// model allows it, <c>"fail": "crash"</c> ends the worker's process and <c>"fail": "stall"</c> never ends.
/// </summary>
/// <param name="time">The clock that the waits are measured by.</param>
/// <param name="options">What items may do.</param>
/// <param name="crash">Ends the process, with a message that says why; called where items may crash their worker.</param>
public sealed class SimulateRunner(TimeProvider time, SimulateRunnerOptions? options = null, Action<string>? crash = null) : IModelRunner
{
    private readonly SimulateRunnerOptions _options = options ?? new SimulateRunnerOptions();

    /// <summary>Longest <c>duration</c> of an item, in seconds.</summary>
    public const int MaxDurationSeconds = 3600;

    /// <inheritdoc/>
    /// <remarks>Items run one after another: a chunk stands for work that one worker does in sequence; chunks run side by side.</remarks>
    public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
    {
        var outcomes = new ItemOutcome[items.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = cancellationToken.IsCancellationRequested ? ItemOutcome.Canceled
                : SimulatedEvent.TryRead(items[i].Item.Input, out var simulated, out var problem)
                    ? await RunAsync(simulated, items[i].Attempt, cancellationToken)
                    : ItemOutcome.Permanent("invalid_input", problem);
        }

        return outcomes;
    }

    private async Task<ItemOutcome> RunAsync(SimulatedEvent simulated, int attempt, CancellationToken cancellationToken)
    {
        try
        {
            // Without a wait there must be no timer either: jobs of duration 0 measure what the system itself costs.
            if (simulated.Duration > TimeSpan.Zero)
                await Task.Delay(simulated.Duration, time, cancellationToken);

            if (simulated.Failure is not { } failure || attempt > failure.Times || _options.IgnoreFail)
                return ItemOutcome.Succeeded(JsonSerializer.SerializeToElement($"Event {simulated.Id} processed"));
            return await FailAsync(simulated.Id, failure.Kind, attempt, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What the items before this one came to is kept.
            return ItemOutcome.Canceled;
        }
    }

    private async Task<ItemOutcome> FailAsync(string id, SimulatedFailureKind kind, int attempt, CancellationToken cancellationToken)
    {
        if (kind is SimulatedFailureKind.Crash or SimulatedFailureKind.Stall && !_options.AllowCrash)
        {
            return ItemOutcome.Permanent(
                "invalid_input", $"\"fail\" is \"{(kind == SimulatedFailureKind.Crash ? "crash" : "stall")}\", which this model does not allow; its setting AllowCrash=true would.");
        }

        if (kind == SimulatedFailureKind.Stall)
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        if (kind == SimulatedFailureKind.Crash)
            crash?.Invoke($"Event {id} ends its worker on attempt {attempt}, as its input asks.");

        var message = $"Event {id} failed on attempt {attempt}, as its input asks.";
        return kind == SimulatedFailureKind.Transient ? ItemOutcome.Transient("simulated", message) : ItemOutcome.Permanent("simulated", message);
    }
}
