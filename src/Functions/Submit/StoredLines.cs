using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Submit;

/// <summary>Makes the stored form of a job's items, one <see cref="ChunkItem"/> a line, and holds the job to its limits.</summary>
internal static class StoredLines
{
    /// <summary>Makes the lines, one after another.</summary>
    /// <param name="items">The items with their line numbers.</param>
    /// <param name="options">Options of the job, which decide how many items it may have.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Each item with its line, line feed included.</returns>
    /// <exception cref="ProblemException">There is no item, or more than the limits allow, or one is malformed.</exception>
    public static async IAsyncEnumerable<(SubmittedItem Item, byte[] Line)> ReadAsync(
        IAsyncEnumerable<(long Line, SubmittedItem Item)> items, JobOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var count = 0L;
        var bytes = 0L;
        await foreach (var (line, item) in items.WithCancellation(cancellationToken))
        {
            var stored = ToLine(item, count, line);
            count++;
            bytes += stored.Length;
            CheckLimits(count, bytes, options);
            yield return (item, stored);
        }

        if (count == 0)
        {
            throw Problems.BadInput("The job has no items; send at least one.");
        }
    }

    private static byte[] ToLine(SubmittedItem item, long index, long line)
    {
        byte[] stored;
        try
        {
            stored = item.ToLine(index, item.Id ?? line.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception unwritable) when (unwritable is JsonException or InvalidOperationException or ArgumentException)
        {
            // Half of a surrogate pair: JSON can spell it, but it is no text.
            throw Problems.BadInput($"Line {line} has a string that is not valid Unicode.", line);
        }

        return stored.Length - 1 <= JobLimits.MaxItemBytes
            ? stored
            : throw Problems.BadInput($"Line {line} has more than {JobLimits.MaxItemBytes} bytes; put large data into storage and its name into the item.", line);
    }

    private static void CheckLimits(long items, long bytes, JobOptions options)
    {
        var pageItems = PlanJob.MaxItems(options.ChunkItems ?? JobLimits.DefaultChunkItems);
        if (items > JobLimits.MaxItems || bytes > JobLimits.MaxInputBytes)
        {
            throw Problems.TooLarge($"A job has at most {JobLimits.MaxItems} items and {JobLimits.MaxInputBytes} bytes; split it.");
        }

        if ((items / pageItems) + (bytes / JobLimits.MaxPageBytes) >= JobLimits.MaxPages)
        {
            throw Problems.TooLarge($"The job would have more than {JobLimits.MaxPages} pages; split it, or raise chunkItems.");
        }
    }
}
