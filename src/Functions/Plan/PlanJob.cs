using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Plan;

/// <summary>What to plan.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Input">Its input blob.</param>
/// <param name="Items">How many items the input has.</param>
/// <param name="ChunkItems">Most items in a chunk.</param>
internal sealed record PlanOrder(string JobId, string Input, long Items, int ChunkItems);

/// <summary>What was planned.</summary>
/// <param name="Pages">Number of pages.</param>
internal sealed record PlanReport(int Pages);

/// <summary>
/// Cuts the input into pages, in one streaming pass: a page is a run of lines within the limits on items, chunks and bytes.
/// Running it again writes the same plan. A job whose plan is short was planned while its input was stored (<see cref="ShortPlan"/>).
/// </summary>
internal sealed class PlanJob(JobBlobs blobs)
{
    private const int ReadBufferBytes = 256 * 1024;

    [Function(nameof(PlanJob))]
    public async Task<PlanReport> Run([ActivityTrigger] PlanOrder order, CancellationToken cancellationToken)
    {
        using var input = (await blobs.Blob(order.Input).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
        // Small even for the largest job.
        var plan = new List<PagePlan>();
        var cutter = CutterOf(order.ChunkItems);
        var reader = PipeReader.Create(input.Content, new StreamPipeReaderOptions(bufferSize: ReadBufferBytes));
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var lineEnd = buffer.GetPosition(1, end);
                if (cutter.Add((int)buffer.Slice(0, lineEnd).Length) is { } page)
                {
                    plan.Add(page);
                }

                buffer = buffer.Slice(lineEnd);
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        if (cutter.Finish() is { } last)
        {
            plan.Add(last);
        }

        if (cutter.Items != order.Items)
        {
            throw new InvalidDataException($"The input of job {order.JobId} has {cutter.Items} lines where {order.Items} were accepted.");
        }

        await PagePlan.StoreAsync(blobs, order.JobId, plan, cancellationToken);
        return new PlanReport(cutter.Pages);
    }

    /// <summary>What cuts the input of a job whose chunks have <paramref name="chunkItems"/> items.</summary>
    public static PageCutter CutterOf(int chunkItems) => new(FirstItems(chunkItems), MaxItems(chunkItems), JobLimits.MaxPageBytes);

    /// <summary>Most items in the first page of a job whose chunks have <paramref name="chunkItems"/> items.</summary>
    public static int FirstItems(int chunkItems) => Math.Min(JobLimits.MaxPageItems, JobLimits.FirstPageChunks * chunkItems);

    /// <summary>Most items in a page of a job whose chunks have <paramref name="chunkItems"/> items.</summary>
    public static int MaxItems(int chunkItems) => Math.Min(JobLimits.MaxPageItems, JobLimits.MaxPageChunks * chunkItems);
}
