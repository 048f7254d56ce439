using System.Diagnostics;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Worker.Catalog;

namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>Runs functions: one scope, one span and one time limit per invocation, through the app's middleware.</summary>
internal sealed class FunctionInvoker
{
    /// <summary>
    /// How long a function may take to end after its time-out cancelled it. Then its invocation fails without it: code cannot be
    /// stopped from outside, as Azure does by ending the process.
    /// </summary>
    public static readonly TimeSpan CancellationGrace = TimeSpan.FromSeconds(5);

    private readonly FunctionExecutionDelegate _pipeline;
    private readonly IServiceScopeFactory _scopes;
    private readonly InvocationIds _ids;
    private readonly TimeProvider _time;
    private readonly InvocationLog _log;
    private readonly TimeSpan _timeout;

    public FunctionInvoker(
        MiddlewarePipeline pipeline, IServiceScopeFactory scopes, InvocationIds ids, TimeProvider time, HostJson host, InvocationLog log)
    {
        _pipeline = pipeline.Run;
        _scopes = scopes;
        _ids = ids;
        _time = time;
        _log = log;
        _timeout = host.FunctionTimeout;
    }

    /// <summary>Runs a function to its end.</summary>
    /// <param name="function">The function.</param>
    /// <param name="trigger">What started it.</param>
    /// <param name="cancellationToken">Cancels the invocation's token; the function decides what it does then.</param>
    /// <returns>What it returned, after middleware.</returns>
    /// <exception cref="FunctionTimeoutException">It took longer than host.json allows.</exception>
    public async Task<object?> InvokeAsync(Function function, TriggerData trigger, CancellationToken cancellationToken)
    {
        using var limit = new TimeLimit(_timeout, CancellationGrace, _time);
        var run = RunAsync(function, trigger, limit.Exceeded, cancellationToken);
        if (run.IsCompleted || await Task.WhenAny(run, limit.GraceOver) == run)
        {
            return await run;
        }

        _ = run.ContinueWith(
            static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        var exception = new FunctionTimeoutException(function.Name, _timeout);
        _log.Abandoned(function.Name, exception);
        throw exception;
    }

    /// <summary>
    /// Runs an orchestrator for one replay: on the engine's scheduler, and with nothing around it that would need an end, because
    /// a replay that waits for an event is dropped, not finished.
    /// </summary>
    public async Task<object?> ReplayAsync(Function function, TriggerData trigger, CancellationToken cancellationToken)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var context = new InvocationContext(
            function, trigger, _ids.Next(), scope.ServiceProvider, activity: null, cancellationToken);
        await _pipeline(context);
        return context.GetInvocationResult().Value;
    }

    private async Task<object?> RunAsync(
        Function function, TriggerData trigger, CancellationToken timeout, CancellationToken cancellationToken)
    {
        var id = _ids.Next();
        using var activity = InvocationActivity.Start(function.Name, id, trigger);
        var start = _time.GetTimestamp();
        _log.Started(function.Name, trigger, id);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout, cancellationToken);
        try
        {
            object? result;
            if (trigger.Services is { } services)
            {
                result = await RunAsync(new InvocationContext(function, trigger, id, services, activity, linked.Token));
            }
            else
            {
                await using var scope = _scopes.CreateAsyncScope();
                result = await RunAsync(new InvocationContext(function, trigger, id, scope.ServiceProvider, activity, linked.Token));
            }

            if (timeout.IsCancellationRequested)
            {
                throw new FunctionTimeoutException(function.Name, _timeout);
            }

            _log.Succeeded(function.Name, id, _time.GetElapsedTime(start));
            return result;
        }
        catch (Exception thrown)
        {
            var exception = timeout.IsCancellationRequested
                && thrown is OperationCanceledException or AggregateException { InnerException: OperationCanceledException }
                ? new FunctionTimeoutException(function.Name, _timeout)
                : thrown;
            activity.SetStatus(ActivityStatusCode.Error, exception.Message);
            _log.Failed(function.Name, id, _time.GetElapsedTime(start), exception, cancellationToken.IsCancellationRequested);
            if (exception != thrown)
            {
                throw exception;
            }

            throw;
        }
    }

    private async Task<object?> RunAsync(InvocationContext context)
    {
        context.Trigger.Attach(context);
        await _pipeline(context);
        await context.Trigger.ReturnAsync(context);
        return context.GetInvocationResult().Value;
    }
}
