using System.Diagnostics;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Worker.Catalog;

namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>The context of one invocation.</summary>
internal sealed class InvocationContext(
    Function function,
    TriggerData trigger,
    string invocationId,
    IServiceProvider services,
    Activity? activity,
    CancellationToken cancellationToken) : FunctionContext
{
    private InvocationFeatures? _features;
    private IDictionary<object, object>? _items;
    private InvocationTrace? _trace;

    public Function Function => function;

    public TriggerData Trigger => trigger;

    public override string InvocationId => invocationId;

    public override string FunctionId => function.Id;

    public override FunctionDefinition FunctionDefinition => function;

    public override TraceContext TraceContext => _trace ??= new InvocationTrace(activity, trigger);

    public override BindingContext BindingContext => new TriggerBindingContext(trigger);

    public override RetryContext RetryContext => FirstTry.Instance;

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override IDictionary<object, object> Items
    {
        get => _items ??= new Dictionary<object, object>();
        set => _items = value;
    }

    public override IInvocationFeatures Features => _features ??= new InvocationFeatures();

    public override CancellationToken CancellationToken => cancellationToken;

    private sealed class InvocationTrace(Activity? activity, TriggerData trigger) : TraceContext
    {
        public override string TraceParent => activity?.Id ?? trigger.TraceParent ?? "";

        public override string TraceState => (activity is null ? trigger.TraceState : activity.TraceStateString) ?? "";
    }

    private sealed class TriggerBindingContext(TriggerData trigger) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => trigger.BindingData;
    }

    /// <summary>Function-level retry policies are not part of this runtime: redelivery and durable retries are what the app uses.</summary>
    private sealed class FirstTry : RetryContext
    {
        public static readonly FirstTry Instance = new();

        public override int RetryCount => 0;

        public override int MaxRetryCount => 0;
    }
}
