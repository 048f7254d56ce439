using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process.Balance;

/// <summary>Instances that share a model's budget, on one fake clock and one storage. Budget: 15 seconds.</summary>
public sealed class BalanceBoardTests(StorageEmulator storage) : FlowTest(storage)
{
    private const string Model = "model";
    private const int Budget = 600;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly List<Instance> _instances = [];
    private readonly List<TimeSpan> _calls = [];
    private TimeSpan _elapsed;

    private BalanceEntries Entries => field ??= new BalanceEntries(Bench.Blobs, Bench.Time);

    [Fact]
    public async Task Enter_SecondInstanceComesAndTheFirstGoes_TogetherTheyKeepTheBudget()
    {
        using var first = await EnterAsync();
        await PassAsync(Minute);
        using var second = await EnterAsync();
        await PassAsync(Minute);
        first.Leave();
        await PassAsync(Minute);

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"Calls by minute: {CallsIn(0)}, {CallsIn(1)}, {CallsIn(2)}; of the second instance {second.Calls.Count}; most in any minute {MostInAMinute()}.");
        Assert.InRange(CallsIn(0), 0.95 * Budget, 1.05 * Budget);
        Assert.InRange(CallsIn(1), 0.95 * Budget, 1.05 * Budget);
        // The first is missed only after its idle looks, and the next look of the second.
        Assert.InRange(CallsIn(2), 0.8 * Budget, 1.05 * Budget);
        Assert.InRange(MostInAMinute(), 0, 1.03 * Budget);
        Assert.InRange(second.Calls.Count(at => at < 2 * Minute), 0.4 * Budget, 0.5 * Budget);
    }

    [Fact]
    public async Task Enter_NothingIsRunAnyMore_TakesTheEntryAway()
    {
        using var instance = await EnterAsync();
        Assert.Single(await Bench.ListAsync(JobBlobs.Balances));

        instance.Leave();
        await PassUntilAsync(async () => (await Bench.ListAsync(JobBlobs.Balances)).Count == 0);
    }

    [Fact]
    public async Task Read_InstancesThatAreGone_AreNotCountedAndSwept()
    {
        using var limiter = new AdaptiveLimiter(new LimiterOptions { InitialConcurrency = 7 }, Bench.Time);
        await Entries.WriteAsync("Model/é", new BalanceEntry("gone", Bench.Time.GetUtcNow() - BalanceBoard.MaxAge - Step, limiter.Snapshot()), Token);
        await Entries.WriteAsync("Model/é", new BalanceEntry("live", Bench.Time.GetUtcNow() - BalanceBoard.MaxAge, limiter.Snapshot()), Token);
        await Entries.WriteAsync("other", new BalanceEntry("live", Bench.Time.GetUtcNow(), limiter.Snapshot()), Token);
        using var board = NewBoard();

        Assert.Equal(limiter.Snapshot(), Assert.Single(await board.ReadAsync("model/É", Token)));

        Bench.Time.Advance(TimeSpan.FromHours(1) + Step);
        await Entries.WriteAsync("other", new BalanceEntry("new", Bench.Time.GetUtcNow(), limiter.Snapshot()), Token);
        await Entries.SweepAsync(Token);
        Assert.Equal(["_models/other/new"], await Bench.ListAsync(JobBlobs.Balances));
    }

    private BalanceBoard NewBoard() => new(Entries, Bench.Time, NullLogger<BalanceBoard>.Instance);

    private async Task<Instance> EnterAsync()
    {
        var instance = new Instance(NewBoard(), new AdaptiveLimiter(
            new LimiterOptions { InitialConcurrency = 64, RequestsPerMinute = Budget }, Bench.Time));
        instance.Run = await instance.Board.EnterAsync(Model, instance, Token).AsTask().BoundedAsync();
        _instances.Add(instance);
        return instance;
    }

    // Each step leaves time for one call of storage: a look takes a few steps, as it takes some time in life.
    private async Task PassAsync(TimeSpan time)
    {
        for (var end = _elapsed + time; _elapsed < end; _elapsed += Step)
        {
            await StepAsync();
        }
    }

    private async Task PassUntilAsync(Func<Task<bool>> condition)
    {
        for (var steps = 0; !await condition(); steps++)
        {
            Assert.True(steps < 10_000, "It does not come to pass.");
            await StepAsync();
        }
    }

    private async Task StepAsync()
    {
        foreach (var instance in _instances)
        {
            _calls.AddRange(instance.Call(_elapsed));
        }

        Bench.Time.Advance(Step);
        await Bench.Blobs.Blob("none").ExistsAsync(Token);
    }

    private int CallsIn(int minute) => _calls.Count(at => at >= minute * Minute && at < (minute + 1) * Minute);

    private int MostInAMinute() => _calls.Max(from => _calls.Count(at => at >= from && at < from + Minute));

    /// <summary>An instance with more calls to make than it may, each of which is answered at once.</summary>
    private sealed class Instance(BalanceBoard board, AdaptiveLimiter limiter) : IBalancedRunner, IDisposable
    {
        private const int Asked = 20;
        private readonly List<Task<CallPermit>> _waiting = [];
        private bool _isLeft;

        public BalanceBoard Board => board;

        public BalanceBoard.Run Run { get; set; }

        public List<TimeSpan> Calls { get; } = [];

        public LimiterSnapshot Balance => limiter.Snapshot();

        public bool HasBudget => limiter.HasBudget;

        public void ShareAmong(int instances, TimeSpan pause) => limiter.ShareAmong(instances, pause);

        public IEnumerable<TimeSpan> Call(TimeSpan now)
        {
            while (!_isLeft && _waiting.Count < Asked)
            {
                _waiting.Add(limiter.AcquireAsync(new JobShare("job"), tokens: 0, CancellationToken.None));
            }

            var granted = _waiting.Where(call => call.IsCompletedSuccessfully).ToList();
            granted.ForEach(call =>
            {
                call.Result.Complete(new CallFeedback(CallResult.Answered));
                _waiting.Remove(call);
                Calls.Add(now);
            });
            return _isLeft ? [] : granted.Select(_ => now);
        }

        public void Leave()
        {
            _isLeft = true;
            Run.Dispose();
        }

        public Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken) =>
            throw new NotSupportedException("Calls are made directly.");

        public void Dispose()
        {
            board.Dispose();
            limiter.Dispose();
        }
    }
}
