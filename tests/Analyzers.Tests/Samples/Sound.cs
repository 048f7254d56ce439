using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

/// <summary>What orchestrators may do, and what other code may: nothing is found here.</summary>
public static class Sound
{
    private const int Most = 3;
    private static readonly TaskOptions Retries = new(new RetryPolicy(Most, TimeSpan.FromSeconds(1)));
    private static readonly string[] Names = ["a", "b"];

    [Function("Sound")]
    public static async Task<string> Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var log = context.CreateReplaySafeLogger("Sound");
        var id = context.NewGuid();
        var now = context.CurrentUtcDateTime;
        var pages = new SortedDictionary<int, Task<int>>();
        foreach (var name in Names)
        {
            pages.Add(pages.Count, context.CallActivityAsync<int>("A", name, Retries));
        }

        using var cancel = new CancellationTokenSource();
        var timer = context.CreateTimer(now.AddHours(1), cancel.Token);
        var ended = await Task.WhenAny(Task.WhenAll(pages.Values), timer);
        cancel.Cancel();
        var known = new Dictionary<string, int> { ["a"] = 1 };
        var distinct = new HashSet<string>(Names);
        foreach (var (name, count) in known.OrderBy(entry => entry.Key))
        {
            log.LogInformation("{Name} {Count} {IsTimer}", name, count, ended == timer);
        }

        if (distinct.Contains("a") && known.TryGetValue("a", out var first) && known.Count > 0 && distinct.Any())
        {
            await context.WaitForExternalEvent<int>("go", TimeSpan.FromMinutes(first));
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{id} {now:o}{Environment.NewLine}");
        return text + new Counter(context).Next() + Task.FromResult(1).IsCompleted;
    }

    /// <summary>An activity may do what it likes, and is not reached by its name.</summary>
    [Function("A")]
    public static async Task<int> Activity([ActivityTrigger] string name)
    {
        await Task.Delay(1);
        return DateTime.UtcNow.Day + File.ReadAllText(name).Length + Guid.NewGuid().GetHashCode();
    }

    private sealed class Counter(TaskOrchestrationContext context)
    {
        private int _count;

        public int Next() => context.IsReplaying ? ++_count : _count;
    }
}
