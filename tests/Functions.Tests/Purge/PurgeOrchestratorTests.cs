using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Purge;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.Functions.Tests.Purge;

public sealed class PurgeOrchestratorTests : ITaskInvoker, IAsyncDisposable
{
    private readonly JumpingTime _time = new();
    private readonly OrchestrationEngine _engine;
    private int _calls;
    private int _left;

    public PurgeOrchestratorTests() =>
        _engine = new OrchestrationEngine(new EngineOptions(), this, _time, NullLoggerFactory.Instance);

    [Fact]
    public async Task Run_MoreSlicesThanAnExecutionTakes_EndsWhenNothingIsLeft()
    {
        const int Slices = 230;
        await _engine.StartAsync(TestContext.Current.CancellationToken);
        _left = Slices;

        await PurgeOrchestrator.StartAsync(_engine.Client, FlowBench.Job, TestContext.Current.CancellationToken);
        var ended = await _engine.Client.WaitForInstanceCompletionAsync(
            PurgeOrchestrator.InstanceId(FlowBench.Job), TestContext.Current.CancellationToken).BoundedAsync();

        Assert.Equal((OrchestrationRuntimeStatus.Completed, Slices), (ended.RuntimeStatus, _calls));
    }

    Func<TaskOrchestrationContext, Task<object?>>? ITaskInvoker.FindOrchestrator(string name) => async context =>
    {
        await PurgeOrchestrator.Run(context);
        return null;
    };

    Task<string?> ITaskInvoker.RunActivityAsync(string name, string instanceId, string? input, DistributedTraceContext? trace, CancellationToken cancellationToken)
    {
        Assert.Equal((nameof(PurgeSlice), FlowBench.Job), (name, JsonDataConverter.Default.Deserialize<string>(input)));
        return Task.FromResult(JsonDataConverter.Default.Serialize(++_calls == _left));
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    /// <summary>Fake time that jumps to the time of every timer as soon as it is set.</summary>
    private sealed class JumpingTime : FakeTimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new JumpingTimer(this, base.CreateTimer(callback, state, dueTime, period));

        private sealed class JumpingTimer(JumpingTime time, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                var isChanged = timer.Change(dueTime, period);
                if (dueTime > TimeSpan.Zero)
                {
                    ThreadPool.QueueUserWorkItem(_ => time.Advance(dueTime));
                }

                return isChanged;
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
