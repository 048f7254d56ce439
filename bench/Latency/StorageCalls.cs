using System.Text.RegularExpressions;
using ModelJobs.Bench.InProcess;

namespace ModelJobs.Bench.Latency;

/// <summary>Round trips to storage, as the jobs made them.</summary>
internal sealed partial class StorageCalls
{
    private readonly Dictionary<string, List<(double Begin, double Milliseconds)>> _calls = [];
    private int _jobs;

    /// <summary>Counts a job's calls in.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="storage">The storage account.</param>
    /// <param name="times">When it was sent.</param>
    /// <param name="events">Its trace.</param>
    public void Add(string job, Uri storage, JobTimes times, IReadOnlyList<TraceEvent> events)
    {
        _jobs++;
        foreach (var call in events.Where(one => one.Url?.Authority == storage.Authority))
        {
            var name = $"{call.Function}: {call.Method} {NameOf(call.Url!, job)}";
            if (!_calls.TryGetValue(name, out var all))
            {
                _calls[name] = all = [];
            }

            all.Add(((call.Start - times.Sent).TotalMilliseconds, (call.End - call.Start).TotalMilliseconds));
        }
    }

    /// <summary>Calls of a job, all together.</summary>
    public double PerJob => (double)_calls.Values.Sum(calls => calls.Count) / _jobs;

    /// <summary>Each kind of call in the order of their beginnings: how many a job makes, when it begins and how long it takes.</summary>
    public IEnumerable<(string Name, double PerJob, IReadOnlyList<double> Begins, IReadOnlyList<double> Milliseconds)> Kinds() => _calls
        .Select(kind => (
            kind.Key,
            (double)kind.Value.Count / _jobs,
            (IReadOnlyList<double>)[.. kind.Value.Select(call => call.Begin)],
            (IReadOnlyList<double>)[.. kind.Value.Select(call => call.Milliseconds)]))
        .OrderBy(kind => kind.Item3.Average());

    private static string NameOf(Uri url, string job)
    {
        var blob = Unique().Replace(url.AbsolutePath[(url.AbsolutePath.IndexOf('/', 1) + 1)..], "").Replace(job, "{job}", StringComparison.Ordinal);
        var query = System.Web.HttpUtility.ParseQueryString(url.Query);
        return query["comp"] is { } comp ? $"{blob} ({comp})" : blob;
    }

    /// <summary>The part of a name that is another for each job.</summary>
    [GeneratedRegex("(?<=input)-[0-9a-f]{32}")]
    private static partial Regex Unique();
}
