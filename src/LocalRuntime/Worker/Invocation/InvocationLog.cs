using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>Logs the start and end of invocations under <c>Function.{name}</c>, the category of the real host.</summary>
internal sealed partial class InvocationLog(ILoggerFactory loggers)
{
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new(StringComparer.Ordinal);

    public void Started(string function, TriggerData trigger, string invocationId)
    {
        var logger = Logger(function);
        if (logger.IsEnabled(LogLevel.Information))
        {
            LogStarted(logger, function, trigger.Reason, invocationId);
        }
    }

    public void Succeeded(string function, string invocationId, TimeSpan duration)
        => LogSucceeded(Logger(function), function, invocationId, (long)duration.TotalMilliseconds);

    /// <param name="function">The function.</param>
    /// <param name="invocationId">The invocation.</param>
    /// <param name="duration">How long it ran.</param>
    /// <param name="exception">What it threw.</param>
    /// <param name="wasCancelled">The host stopped or the caller went away: then an exception is no news.</param>
    public void Failed(string function, string invocationId, TimeSpan duration, Exception exception, bool wasCancelled)
    {
        if (wasCancelled && exception is OperationCanceledException)
        {
            LogCancelled(Logger(function), function, invocationId, (long)duration.TotalMilliseconds);
        }
        else
        {
            LogFailed(Logger(function), function, invocationId, (long)duration.TotalMilliseconds, exception);
        }
    }

    public void Abandoned(string function, Exception exception) => LogAbandoned(Logger(function), function, exception);

    private ILogger Logger(string function) =>
        _loggers.GetOrAdd(function, static (name, loggers) => loggers.CreateLogger("Function." + name), loggers);

    [LoggerMessage(Level = LogLevel.Information, Message = "Executing '{Function}' (Reason='{Reason}', Id={InvocationId})")]
    private static partial void LogStarted(ILogger logger, string function, string reason, string invocationId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Executed '{Function}' (Succeeded, Id={InvocationId}, Duration={DurationMs}ms)")]
    private static partial void LogSucceeded(ILogger logger, string function, string invocationId, long durationMs);

    [LoggerMessage(Level = LogLevel.Information, Message = "Executed '{Function}' (Cancelled, Id={InvocationId}, Duration={DurationMs}ms)")]
    private static partial void LogCancelled(ILogger logger, string function, string invocationId, long durationMs);

    [LoggerMessage(Level = LogLevel.Error, Message = "Executed '{Function}' (Failed, Id={InvocationId}, Duration={DurationMs}ms)")]
    private static partial void LogFailed(ILogger logger, string function, string invocationId, long durationMs, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "'{Function}' ignored its cancellation after the time-out; its invocation failed, but its code still runs")]
    private static partial void LogAbandoned(ILogger logger, string function, Exception exception);
}
