using System.Text.Json;
using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

/// <summary>An engine with functions made of delegates, under fake time.</summary>
internal sealed class EngineHarness : ITaskInvoker, IAsyncDisposable
{
    public static readonly DateTimeOffset StartOfTime = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, Func<TaskOrchestrationContext, Task<object?>>> _orchestrators = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Func<string?, CancellationToken, Task<string?>>> _activities = new(StringComparer.OrdinalIgnoreCase);

    public EngineHarness(EngineOptions? options = null, ILoggerFactory? loggerFactory = null, IHubJournal? journal = null)
    {
        Engine = new OrchestrationEngine(
            options ?? new EngineOptions { MaxConcurrentActivityFunctions = 8, MaxConcurrentOrchestratorFunctions = 4 },
            this,
            Time,
            loggerFactory ?? NullLoggerFactory.Instance,
            journal: journal);
    }

    public FakeTimeProvider Time { get; } = new(StartOfTime);

    public OrchestrationEngine Engine { get; }

    public DurableTaskClient Client => Engine.Client;

    public EngineHarness Orchestrator<T>(string name, Func<TaskOrchestrationContext, Task<T>> run)
    {
        _orchestrators[name] = async context => await run(context);
        return this;
    }

    public EngineHarness Activity<TInput, TOutput>(string name, Func<TInput, CancellationToken, Task<TOutput>> run)
    {
        _activities[name] = async (input, cancellationToken) => JsonDataConverter.Default.Serialize(
            await run(input is null ? default! : JsonSerializer.Deserialize<TInput>(input)!, cancellationToken));
        return this;
    }

    public EngineHarness Activity<TInput, TOutput>(string name, Func<TInput, TOutput> run)
        => Activity<TInput, TOutput>(name, (input, _) => Task.FromResult(run(input)));

    public async Task<EngineHarness> StartAsync()
    {
        await Engine.StartAsync(TestContext.Current.CancellationToken);
        return this;
    }

    public Task<string> ScheduleAsync(string name, object? input = null, string? id = null)
        => Client.ScheduleNewOrchestrationInstanceAsync(
            name, input, new StartOrchestrationOptions(id), TestContext.Current.CancellationToken);

    public Task<OrchestrationMetadata> CompletionAsync(string id)
        => Bounded(Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, TestContext.Current.CancellationToken));

    /// <summary>Runs an orchestration to its end.</summary>
    public async Task<OrchestrationMetadata> RunAsync(string name, object? input = null, string? id = null)
        => await CompletionAsync(await ScheduleAsync(name, input, id));

    /// <summary>Waits until the condition holds after some change of the hub.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Check(HubChange? change)
        {
            if (condition())
            {
                held.TrySetResult();
            }
        }

        Engine.Changed += Check;
        try
        {
            Check(null);
            await Bounded(held.Task);
        }
        finally
        {
            Engine.Changed -= Check;
        }
    }

    /// <summary>Lets fake time pass, from one timer to the next, whenever nothing else is left to do, until the task ends.</summary>
    public async Task<T> DriveTimeAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            await UntilAsync(() => task.IsCompleted || NextTimerIfIdle() is not null || Engine.Read(hub => hub.Instances.All(i => i.Completion is not null)));
            if (!task.IsCompleted && NextTimerIfIdle() is { } next)
            {
                Time.SetUtcNow(next > Time.GetUtcNow() ? next : Time.GetUtcNow());
            }
        }

        return await task;
    }

    private DateTimeOffset? NextTimerIfIdle() => Engine.Read(hub => hub.Activities.Any() || hub.Instances.Any(instance => instance.IsRunnable)
        ? null
        : hub.NextTimer?.FireAt);

    public Task UntilHistoryHasAsync<TEvent>(string id, int count = 1)
        => UntilAsync(() => Engine.GetHistory(id).OfType<TEvent>().Count() >= count);

    public OrchestrationRuntimeStatus Status(string id)
        => Engine.Read(hub => hub.Find(id)?.Status) ?? throw new InvalidOperationException($"No instance {id}.");

    public ValueTask DisposeAsync() => Engine.DisposeAsync();

    public static Task<T> Bounded<T>(Task<T> task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken);

    public static Task Bounded(Task task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken);

    Func<TaskOrchestrationContext, Task<object?>>? ITaskInvoker.FindOrchestrator(string name) => _orchestrators.GetValueOrDefault(name);

    Task<string?> ITaskInvoker.RunActivityAsync(string name, string instanceId, string? input, DistributedTraceContext? trace, CancellationToken cancellationToken)
        => _activities.TryGetValue(name, out var activity)
            ? activity(input, cancellationToken)
            : throw new FunctionNotFoundException($"There is no activity function '{name}'.");
}
