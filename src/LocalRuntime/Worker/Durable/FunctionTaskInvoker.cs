using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using Microsoft.Extensions.Hosting;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Durable;

/// <summary>Offers the app's orchestrator and activity functions to the durable engine.</summary>
internal sealed class FunctionTaskInvoker : ITaskInvoker
{
    private readonly Dictionary<string, Function> _orchestrators;
    private readonly Dictionary<string, Function> _activities;
    private readonly FunctionInvoker _invoker;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly DataConverter _converter;

    public FunctionTaskInvoker(FunctionCatalog catalog, FunctionInvoker invoker, IHostApplicationLifetime lifetime, DataConverter converter)
    {
        _orchestrators = catalog.With<OrchestrationTrigger>()
            .ToDictionary(static f => f.Trigger.Name, static f => f.Function, StringComparer.OrdinalIgnoreCase);
        _activities = catalog.With<ActivityTrigger>()
            .ToDictionary(static f => f.Trigger.Name, static f => f.Function, StringComparer.OrdinalIgnoreCase);
        _invoker = invoker;
        _lifetime = lifetime;
        _converter = converter;
    }

    public Func<TaskOrchestrationContext, Task<object?>>? FindOrchestrator(string name)
        => _orchestrators.TryGetValue(name, out var function)
            ? context => _invoker.ReplayAsync(function, new OrchestrationTriggerData(context), _lifetime.ApplicationStopping)
            : null;

    public async Task<string?> RunActivityAsync(string name, string instanceId, string? input, DistributedTraceContext? trace, CancellationToken cancellationToken)
    {
        if (!_activities.TryGetValue(name, out var function))
        {
            throw new FunctionNotFoundException(
                $"There is no activity function '{name}'. Activities of this app: {string.Join(", ", _activities.Keys.Order())}.");
        }

        var result = await _invoker.InvokeAsync(function, new ActivityTriggerData(instanceId, input, trace, _converter), cancellationToken);
        return result is null ? null : _converter.Serialize(result);
    }
}
