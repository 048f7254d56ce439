using System.Text.RegularExpressions;

namespace ModelJobs.EndToEnd.Tests.Crash;

/// <summary>2: items of one key run one at a time, in input order; seen from the log of each life, for jobs of one key.</summary>
internal static partial class LaneLog
{
    /// <param name="lives">The log of each life of the app, in order.</param>
    /// <param name="job">A job whose items all have the same key, so that its chunks are one lane.</param>
    /// <returns>How many begins were seen.</returns>
    public static int Check(IEnumerable<IReadOnlyList<string>> lives, string job)
    {
        var begun = 0;
        var last = (Page: -1, Chunk: -1);
        foreach (var life in lives)
        {
            string? running = null;
            foreach (var line in life)
            {
                if (Begin().Match(line) is { Success: true } begin && begin.Groups["job"].Value == job)
                {
                    var chunk = (Page: int.Parse(begin.Groups["page"].Value, null), Chunk: int.Parse(begin.Groups["chunk"].Value, null));
                    Assert.True(running is null, $"{line} began while another chunk of its lane ran.");
                    // The chunk that a kill hit comes again, and is the first to do so.
                    Assert.True(chunk.CompareTo(last) >= 0, $"{line} came after chunk {last}.");
                    (last, running) = (chunk, begin.Groups["id"].Value);
                    begun++;
                }
                else if (running is not null && line.Contains("Executed ", StringComparison.Ordinal) && line.Contains(running, StringComparison.Ordinal))
                {
                    running = null;
                }
            }
        }

        return begun;
    }

    [GeneratedRegex(@"Executing 'ProcessOrderedChunk' \(Reason='message (?<job>[^/]+)/(?<page>\d+)/(?<chunk>\d+), delivery \d+', Id=(?<id>[^)]+)\)")]
    private static partial Regex Begin();
}
