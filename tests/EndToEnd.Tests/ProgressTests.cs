using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>What a job's status says while it runs.</summary>
public sealed class ProgressTests(StorageEmulator storage)
{
    [Fact]
    public async Task Status_OfOnePageThatRuns_CountsWhatHasAnswered()
    {
        var runner = new HalfRunner();
        await using var app = await LocalApp.StartAsync(
            storage,
            builder => builder.Services.AddSingleton(new RunnerKind("half", _ => runner)),
            "Models:half:Runner=half");

        var job = await app.Jobs.SubmitAsync("?model=half&chunkItems=5", Enumerable.Repeat("""{"input":1}""", 10));
        var running = await app.Jobs.WaitAsync(job.Id, status => status.Items.Succeeded > 0);
        runner.Open();
        var ended = await app.Jobs.WaitAsync(job.Id);

        Assert.Equal((JobStatus.Running, 50.0), (running.Status, running.Percent));
        Assert.Equal((new ItemCounts(10, 5, 0), 1, 0), (running.Items, running.Pages.Total, running.Pages.Completed));
        await Invariants.CheckAsync(app, ended);
    }

    /// <summary>Answers one chunk at once and the others when it is told to.</summary>
    private sealed class HalfRunner : IModelRunner
    {
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _chunks;

        public void Open() => _open.SetResult();

        public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _chunks) > 1)
            {
                await _open.Task.WaitAsync(cancellationToken);
            }

            return [.. items.Select(item => ItemOutcome.Succeeded(item.Item.Input))];
        }
    }
}
