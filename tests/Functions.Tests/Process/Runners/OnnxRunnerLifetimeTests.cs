using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process.Runners;

public sealed class OnnxRunnerLifetimeTests
{
    [Fact]
    public void Constructor_NoSuchFile_NamesIt()
    {
        var exception = Assert.Throws<FileNotFoundException>(() => new OnnxRunner("models/none.onnx"));

        Assert.Contains("models/none.onnx", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_FileIsNoModel_NamesIt()
    {
        var notAModel = Path.Combine(AppContext.BaseDirectory, "samples", "digits.jsonl");

        var exception = Assert.Throws<InvalidDataException>(() => new OnnxRunner(notAModel));

        Assert.Contains("digits.jsonl' is not an ONNX model", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_LimitBelowOne_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new OnnxRunner(Digits.ModelPath, new OnnxRunnerOptions { IntraOpThreads = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OnnxRunner(Digits.ModelPath, new OnnxRunnerOptions { MaxBatchItems = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OnnxRunner(Digits.ModelPath, new OnnxRunnerOptions { MaxOutputElements = 0 }));
    }

    [Fact]
    public async Task RunAsync_NoItems_AnswersNone()
    {
        using var runner = new OnnxRunner(Digits.ModelPath);

        Assert.Empty(await runner.RunBoundedAsync([]));
    }

    [Fact]
    public async Task RunAsync_Cancelled_RunsNothing()
    {
        using var runner = new OnnxRunner(Digits.ModelPath);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => runner.RunAsync(Digits.Take(1), new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task Dispose_WhileRunsAreUnderWay_EndsThemProperly()
    {
        var digits = Digits.Take(200);
        var runner = new OnnxRunner(Digits.ModelPath);
        var runs = Enumerable.Range(0, 8).Select(_ => Task.Run(() => runner.RunBoundedAsync(digits))).ToArray();
        await Task.WhenAny(runs);

        runner.Dispose();

        foreach (var run in runs)
        {
            // Each run either ended before the model was freed or was refused; none saw it half freed, which would crash the process.
            if (await Record.ExceptionAsync(() => run) is { } exception)
                Assert.IsType<ObjectDisposedException>(exception);
            else
                Assert.All(await run, outcome => Assert.NotNull(outcome.Output));
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => runner.RunBoundedAsync(digits));
        runner.Dispose();
    }
}
