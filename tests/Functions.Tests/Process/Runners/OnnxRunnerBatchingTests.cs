using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process.Runners;

/// <summary>Chunks that wait at the same time.</summary>
public sealed class OnnxRunnerBatchingTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);

    private readonly TimerSettings _time = new();

    [Fact]
    public async Task RunAsync_ChunksThatWaitTogether_ShareARunAndGetTheirOwnAnswers()
    {
        using var runner = Open(new OnnxRunnerOptions { MaxBatchDelay = Delay });
        var digits = Digits.Take(30);
        using var whole = new OnnxRunner(Digits.ModelPath);
        var expected = (await whole.RunBoundedAsync(digits)).Select(outcome => outcome.Digit());

        var chunks = await EnqueueAsync(runner, digits.Chunk(10));
        Assert.All(chunks, chunk => Assert.False(chunk.IsCompleted));
        _time.Advance(Delay);

        Assert.Equal(expected, (await Task.WhenAll(chunks)).SelectMany(outcomes => outcomes).Select(outcome => outcome.Digit()));
        Assert.Equal(1, runner.Runs);
    }

    [Fact]
    public async Task RunAsync_BatchIsFull_DoesNotWait()
    {
        using var runner = Open(new OnnxRunnerOptions { MaxBatchDelay = Delay, MaxBatchItems = 10 });

        var outcomes = await runner.RunBoundedAsync(Digits.Take(10));

        Assert.All(outcomes, outcome => Assert.Null(outcome.Error));
        Assert.Equal(1, runner.Runs);
    }

    [Fact]
    public async Task RunAsync_ByDefault_WaitsForNobody()
    {
        using var runner = Open(new OnnxRunnerOptions());

        await runner.RunBoundedAsync(Digits.Take(1));

        Assert.Equal(1, runner.Runs);
    }

    [Fact]
    public async Task RunAsync_OneOfTheChunksIsCancelled_TheOthersAreAnswered()
    {
        using var runner = Open(new OnnxRunnerOptions { MaxBatchDelay = Delay });
        using var cancellation = new CancellationTokenSource();
        var digits = Digits.Take(4);
        var canceled = runner.RunAsync(digits[..2], cancellation.Token);
        await _time.NextSettingAsync();
        var other = runner.RunBoundedAsync(digits[2..]);
        await _time.NextSettingAsync();

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.WaitAsync(Calls.Patience, TestContext.Current.CancellationToken));
        _time.Advance(Delay);

        Assert.All(await other, outcome => Assert.Null(outcome.Error));
    }

    [Fact]
    public async Task RunAsync_OneChunkHasABadItem_TheOtherDoesNotSuffer()
    {
        using var runner = new OnnxRunner(
            Path.Combine(AppContext.BaseDirectory, "Process", "Runners", "Models", "lookup.onnx"), new OnnxRunnerOptions { MaxBatchDelay = Delay }, _time);

        var chunks = await EnqueueAsync(runner, [Calls.Of("[0]", "[9]"), Calls.Of("[3]")]);
        _time.Advance(Delay);

        var outcomes = (await Task.WhenAll(chunks)).SelectMany(outcomes => outcomes).ToList();
        Assert.Equal([null, "model_error", null], outcomes.Select(outcome => outcome.Error?.Code));
        Assert.Equal("""{"row":[6,7]}""", outcomes[2].Json());
    }

    [Theory]
    [InlineData("lookup")]
    [InlineData("doubled")]
    [InlineData("masked-sum")]
    [InlineData("mean")] // cannot be run on items at all
    public async Task WarmUpAsync_AnyModel_LeavesItReady(string model)
    {
        using var runner = new OnnxRunner(Path.Combine(AppContext.BaseDirectory, "Process", "Runners", "Models", $"{model}.onnx"));

        await runner.WarmUpAsync(TestContext.Current.CancellationToken).WaitAsync(Calls.Patience, TestContext.Current.CancellationToken);

        Assert.Single(await runner.RunBoundedAsync(Calls.Of("[1]")));
    }

    private OnnxRunner Open(OnnxRunnerOptions options) => new(Digits.ModelPath, options, _time);

    // Each chunk that comes looks at the clock's timer: then it is in the queue.
    private async Task<List<Task<IReadOnlyList<ItemOutcome>>>> EnqueueAsync(OnnxRunner runner, IEnumerable<ItemCall[]> chunks)
    {
        var running = new List<Task<IReadOnlyList<ItemOutcome>>>();
        foreach (var chunk in chunks)
        {
            running.Add(runner.RunBoundedAsync(chunk));
            await _time.NextSettingAsync();
        }

        return running;
    }

    /// <summary>Fake time that tells when a timer is set to go off.</summary>
    private sealed class TimerSettings : FakeTimeProvider
    {
        private readonly Channel<TimeSpan> _settings = Channel.CreateUnbounded<TimeSpan>();

        public Task<TimeSpan> NextSettingAsync() =>
            _settings.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Calls.Patience, TestContext.Current.CancellationToken);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Logged(base.CreateTimer(callback, state, dueTime, period), _settings.Writer);

        private sealed class Logged(ITimer timer, ChannelWriter<TimeSpan> settings) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                var isSet = timer.Change(dueTime, period);
                settings.TryWrite(dueTime);
                return isSet;
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
