using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>Jobs that cannot come to their end.</summary>
public sealed class FailureTests(StorageEmulator storage)
{
    [Fact]
    public async Task Run_ChunkThatNeverAnswers_EndsTheJobAndKeepsThePagesBeforeIt()
    {
        // One item a chunk: 200 items make each of the first two pages. The item is in the second of three pages.
        await using var app = await LocalApp.StartAsync(storage, "Jobs:MaxIdle=00:00:01", "Jobs:CollectSlice=00:00:01");
        var lines = Enumerable.Range(0, 600).Select(i => $$$"""{"input":{"id":{{{i}}},"duration":{{{(i == 300 ? 600 : 0)}}}}}""");

        var job = await app.Jobs.SubmitAsync("?model=simulate&chunkItems=1", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Contains("no answer", job.Error?.Message, StringComparison.Ordinal);
        Assert.Equal(200, await app.Jobs.ResultsAsync(job.Id).CountAsync(TestContext.Current.CancellationToken));
    }
}
