using System.Text;
using ModelJobs.Contracts;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Status;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Redrive;

public sealed class GetParkedTests(StorageEmulator storage) : FlowTest(storage)
{
    private StatusBench Status => field ??= new StatusBench(Bench);

    [Theory]
    [InlineData("", new long[] { 1, 4, 9 })]
    [InlineData("?errorCode=", new long[] { 1, 4, 9 })]
    [InlineData("?errorCode=bad", new long[] { 1, 9 })]
    [InlineData("?errorCode=Bad", new long[] { })]
    [InlineData("?code=key", new long[] { 1, 4, 9 })]
    public async Task Run_JobWithErrors_GivesThoseThatAreNotDiscarded(string query, long[] expected)
    {
        Status.HasEnded(failed: 2, canceled: 1, discarded: 1);
        await StoreAsync(
            Samples.Failed(1),
            Samples.Failed(3) with { Status = ItemStatus.Discarded },
            Samples.Failed(4) with { Status = ItemStatus.Canceled, Error = new JobError("canceled", "It was canceled.") },
            Samples.Failed(9));

        var (status, body) = await ReadAsync(query);

        Assert.Equal(200, status);
        Assert.Equal(expected, Samples.Indexes(body));
    }

    [Fact]
    public async Task Run_Line_IsGivenAsItIs()
    {
        const string Line = """{"index":1,"id":"é","status":"failed","error":{"code":"worker_lost","message":"m"},"attempts":3,"history":[{"at":"2030-01-01T00:00:00+00:00","reason":"MaxDeliveryCountExceeded","deliveries":5,"items":1}],"meta":{"a":null}}""";
        Status.HasEnded(failed: 1);
        await Bench.StoreAsync(JobBlobs.Errors(Job), Encoding.UTF8.GetBytes(Line + "\n"));

        Assert.Equal((200, Line + "\n"), await ReadAsync());
    }

    [Fact]
    public async Task Run_NothingAssembledYet_IsEmpty()
    {
        Status.IsRunning();

        Assert.Equal((200, ""), await ReadAsync());
    }

    [Fact]
    public async Task Run_NoSuchJob_IsRefused() => Assert.Equal((404, "/problems/unknown-job"), await ReadAsync());

    private Task<(int Status, string Body)> ReadAsync(string query = "") =>
        StatusBench.AnswerAsync(request => new GetParked(Bench.Blobs).Run(request, Job, Status.Durable, Token), query);

    private async Task StoreAsync(params ItemResult[] lines)
    {
        using var stream = NdjsonLines.Write(lines, ContractsJson.Wire.ItemResult);
        await Bench.StoreAsync(JobBlobs.Errors(Job), stream.ToArray());
    }
}
