namespace ModelJobs.Bench.Comparison;

/// <summary>Another system doing the same work: so many events out, processed by workers, their results in order.</summary>
internal abstract class Peer : IAsyncDisposable
{
    /// <summary>In place of a peer: compare with nothing.</summary>
    public const string None = "none";

    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(30);
    private static readonly Dictionary<string, Func<BenchOptions, Peer>> Known = new(StringComparer.Ordinal)
    {
        ["bullmq"] = options => new BullMq(options),
        ["celery"] = _ => new Celery(),
        ["pika"] = options => new Pika(options),
    };

    private ScriptProcess? _script;

    public static IEnumerable<string> Names => Known.Keys;

    /// <summary>What the table calls it.</summary>
    public abstract string Title { get; }

    public static Peer Create(string name, BenchOptions options) => Known[name](options);

    /// <summary>Starts its servers and workers.</summary>
    /// <exception cref="PeerMissingException">Something is not installed.</exception>
    public async Task StartAsync() => _script = await StartScriptAsync();

    /// <summary>Runs so many events.</summary>
    /// <returns>The seconds from the first event sent to the last result in its place.</returns>
    public Task<double> RunAsync(int events) => (_script ?? throw new InvalidOperationException("Not started.")).AskAsync(events, RunLimit);

    public async ValueTask DisposeAsync()
    {
        if (_script is not null)
        {
            await _script.DisposeAsync();
        }

        await StopServersAsync();
    }

    protected abstract Task<ScriptProcess> StartScriptAsync();

    protected abstract ValueTask StopServersAsync();
}
