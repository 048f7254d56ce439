using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Tests.Engine;

/// <summary>Keeps what is logged.</summary>
internal sealed class ListLoggerProvider : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _entries = [];

    public IReadOnlyList<string> Entries => [.. _entries];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => _entries.Enqueue(formatter(state, exception));

    public void Dispose()
    {
    }
}
