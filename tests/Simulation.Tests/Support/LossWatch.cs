using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ModelJobs.Functions.Recover;

namespace ModelJobs.Simulation.Tests.Support;

/// <summary>
/// Hears when the app finds items lost and sends them again. What it is given it must not lose, whatever the faults: this would mend it, and hide that
/// something was forgotten or done in the wrong order.
/// </summary>
internal sealed class LossWatch : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _losses = new();

    /// <summary>What the app has said of each loss.</summary>
    public IReadOnlyCollection<string> Losses => _losses;

    public ILogger CreateLogger(string categoryName) => new Logger(_losses, categoryName == typeof(FindLostItems).FullName);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<string> losses, bool listens) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => listens && logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                losses.Enqueue(formatter(state, exception));
            }
        }
    }
}
