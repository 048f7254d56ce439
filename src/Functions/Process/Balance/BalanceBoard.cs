using Microsoft.Extensions.Logging;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Process.Balance;

/// <summary>
/// Where instances tell each other, and whoever asks for a job's status, how they use models: while an instance runs chunks of a model whose calls
/// are balanced, it puts the state of its limiter there every few seconds. How many do so is among how many the model's configured budget is divided.
/// What it costs grows with time and instances, not with chunks; an idle instance does nothing.
/// </summary>
internal sealed partial class BalanceBoard(BalanceEntries entries, TimeProvider time, ILogger<BalanceBoard> logger) : IDisposable
{
    /// <summary>Time between two looks at the board.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    /// <summary>How long an instance that comes leaves the budget to the others: by then they have looked.</summary>
    public static readonly TimeSpan JoinPause = Interval + TimeSpan.FromSeconds(1);

    /// <summary>An entry that is older is that of an instance which has gone without a word.</summary>
    public static readonly TimeSpan MaxAge = 5 * Interval;

    /// <summary>Looks without a chunk after which an instance takes its entry away. It gets its part of the budget back only after a pause.</summary>
    private const int MaxIdleLooks = 3;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Use> _uses = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _closing = new();
    private readonly string _instance = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
    private int _joined;

    /// <summary>Says that a chunk is about to be run. Where a budget is shared, it waits until this instance knows among how many.</summary>
    /// <param name="model">The model.</param>
    /// <param name="runner">What runs it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed of when the chunk has been run.</returns>
    public async ValueTask<Run> EnterAsync(string model, IBalancedRunner runner, CancellationToken cancellationToken)
    {
        Use? use;
        lock (_gate)
        {
            if (!_uses.TryGetValue(model, out use))
            {
                _uses.Add(model, use = new Use(model, $"{_instance}-{_joined++}", runner));
                use.Joined = JoinAsync(use);
                _ = WatchAsync(use);
            }

            use.Runs++;
        }

        var run = new Run(this, use);
        try
        {
            await (runner.HasBudget ? use.Joined.WaitAsync(cancellationToken) : Task.CompletedTask);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>The states of a model's limiters, of all instances that use it now.</summary>
    public async Task<IReadOnlyList<LimiterSnapshot>> ReadAsync(string model, CancellationToken cancellationToken) =>
        [.. (await ReadLiveAsync(model, cancellationToken)).Select(entry => entry.State)];

    /// <inheritdoc/>
    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }

    // Its entry stands before it looks: of two that come at once, one at least sees the other. The others know of it only when they look again,
    // and until then they use the whole budget.
    private async Task JoinAsync(Use use)
    {
        try
        {
            await WriteAsync(use);
            var others = (await ReadLiveAsync(use.Model, _closing.Token)).Count(entry => entry.Instance != use.Instance);
            use.Runner.ShareAmong(others + 1, others > 0 ? JoinPause : TimeSpan.Zero);
        }
        catch (Exception failure) when (!_closing.IsCancellationRequested)
        {
            // The next look tries again; a model is not held up by what its budget is divided by.
            LogFailure(failure, use.Model);
        }
    }

    private async Task WatchAsync(Use use)
    {
        try
        {
            await use.Joined;
            do
            {
                await Task.Delay(Interval, time, _closing.Token);
                await LookAsync(use);
            }
            while (!RemoveIfIdle(use));
            await entries.DeleteAsync(use.Model, use.Instance, _closing.Token);
        }
        catch (Exception) when (_closing.IsCancellationRequested)
        {
            // The app is closing.
        }
        catch (Exception failure)
        {
            // It grows old and is swept.
            LogFailure(failure, use.Model);
        }
    }

    private async Task LookAsync(Use use)
    {
        try
        {
            if (use.Runner.HasBudget)
            {
                var others = (await ReadLiveAsync(use.Model, _closing.Token)).Count(entry => entry.Instance != use.Instance);
                use.Runner.ShareAmong(others + 1, TimeSpan.Zero);
            }

            await WriteAsync(use);
        }
        catch (Exception failure) when (!_closing.IsCancellationRequested)
        {
            // What was known holds until the next look.
            LogFailure(failure, use.Model);
        }
    }

    private async Task WriteAsync(Use use)
    {
        var (state, now) = (use.Runner.Balance, time.GetUtcNow());
        if (state != use.Written || now - use.WrittenAt >= MaxAge / 2)
        {
            await entries.WriteAsync(use.Model, new BalanceEntry(use.Instance, now, state), _closing.Token);
            (use.Written, use.WrittenAt) = (state, now);
        }
    }

    private async Task<IReadOnlyList<BalanceEntry>> ReadLiveAsync(string model, CancellationToken cancellationToken)
    {
        var oldest = time.GetUtcNow() - MaxAge;
        return [.. (await entries.ReadAsync(model, cancellationToken)).Where(entry => entry.At >= oldest)];
    }

    private bool RemoveIfIdle(Use use)
    {
        lock (_gate)
        {
            use.IdleLooks = use.Runs == 0 ? use.IdleLooks + 1 : 0;
            return use.IdleLooks >= MaxIdleLooks && _uses.Remove(use.Model);
        }
    }

    private void Leave(Use use)
    {
        lock (_gate)
        {
            use.Runs--;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What the instances know of each other's use of model {Model} cannot be brought up to date; trying again.")]
    private partial void LogFailure(Exception failure, string model);

    /// <summary>A chunk that is run.</summary>
    public readonly struct Run : IDisposable
    {
        private readonly BalanceBoard _board;
        private readonly Use _use;

        internal Run(BalanceBoard board, Use use) => (_board, _use) = (board, use);

        /// <inheritdoc/>
        public void Dispose() => _board?.Leave(_use);
    }

    internal sealed class Use(string model, string instance, IBalancedRunner runner)
    {
        public string Model => model;

        /// <summary>Name of its entry: another one each time that the instance comes back, so that the end of the last one does not remove it.</summary>
        public string Instance => instance;

        public IBalancedRunner Runner => runner;

        public Task Joined { get; set; } = Task.CompletedTask;

        public int Runs { get; set; }

        public int IdleLooks { get; set; }

        public LimiterSnapshot? Written { get; set; }

        public DateTimeOffset WrittenAt { get; set; }
    }
}
