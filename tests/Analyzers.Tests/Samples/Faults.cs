using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Azure.Messaging.ServiceBus;
using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

/// <summary>One fault a line, in the orchestrator itself.</summary>
public static class Faults
{
    private static readonly Dictionary<string, int> Cache = [];
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static int _count;

    public static string Mode { get; set; } = "";

    [Function("Clock")]
    public static async Task<long> Clock([OrchestrationTrigger] TaskOrchestrationContext context, TimeProvider time)
    {
        var now = DateTime.Now; // MJ0001
        var utc = DateTime.UtcNow; // MJ0001
        var today = DateTime.Today; // MJ0001
        var offset = DateTimeOffset.UtcNow; // MJ0001
        var provided = time.GetUtcNow(); // MJ0001
        var watch = Stopwatch.StartNew(); // MJ0001
        var ticks = Environment.TickCount64; // MJ0005
        await context.CreateTimer(Pause, CancellationToken.None);
        return now.Ticks + utc.Ticks + today.Ticks + offset.Ticks + provided.Ticks + ticks;
    }

    [Function("Random")]
    public static int Random([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var id = Guid.NewGuid(); // MJ0002
        var ordered = Guid.CreateVersion7(); // MJ0002
        var number = new Random(1).Next(); // MJ0002
        var shared = System.Random.Shared; // MJ0002
        var hash = "text".GetHashCode(); // MJ0002
        var combined = HashCode.Combine(1, 2); // MJ0002
        return id == ordered ? number : hash + combined;
    }

    [Function("Tasks")]
    public static async Task Tasks([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        await Task.Delay(1000); // MJ0003
        await Task.Run(() => { }); // MJ0003
        await Task.Yield(); // MJ0003
        await Task.Factory.StartNew(() => { }); // MJ0003
        var call = context.CallActivityAsync<int>("A");
        var result = call.Result; // MJ0003
        call.Wait(); // MJ0003
        call.GetAwaiter().GetResult(); // MJ0003
        await call.ConfigureAwait(false); // MJ0003
        await call.ContinueWith(_ => { }); // MJ0003
        Thread.Sleep(result); // MJ0003
        new Thread(() => { }).Start(); // MJ0003
        Parallel.For(0, 2, _ => { }); // MJ0003
        using var late = new CancellationTokenSource(1000); // MJ0003
        late.CancelAfter(1); // MJ0003
        lock (Cache) // MJ0003 MJ0006
        {
        }

        await foreach (var item in Endless()) // MJ0003
        {
        }
    }

    [Function("Io")]
    public static async Task Io(
        [OrchestrationTrigger] TaskOrchestrationContext context, HttpClient http, BlobServiceClient blobs, ServiceBusSender sender)
    {
        await http.GetStringAsync("http://localhost/"); // MJ0004
        var text = File.ReadAllText("a.txt"); // MJ0004
        var container = blobs.GetBlobContainerClient(text); // MJ0004
        await sender.SendMessageAsync(null); // MJ0004
        Console.WriteLine(container); // MJ0004
    }

    [Function("Surroundings")]
    public static string Surroundings([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var setting = Environment.GetEnvironmentVariable("MODE"); // MJ0005
        var cores = Environment.ProcessorCount; // MJ0005
        var zone = TimeZoneInfo.Local; // MJ0005
        var culture = CultureInfo.CurrentCulture; // MJ0006
        return $"{setting}{cores}{zone}{culture}";
    }

    [Function("StaticState")]
    public static int StaticState([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        _count++; // MJ0006
        var mode = Mode; // MJ0006
        return Cache.Count + mode.Length; // MJ0006
    }

    [Function("Order")]
    public static async Task<int> Order([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var pages = new Dictionary<int, Task>();
        var names = new HashSet<string>();
        var parallel = new ConcurrentDictionary<string, int>();
        IReadOnlyDictionary<int, Task> seen = pages;
        foreach (var page in pages) // MJ0007
        {
            await page.Value;
        }

        foreach (var key in pages.Keys) // MJ0007
        {
            names.Add($"{key}");
        }

        await Task.WhenAll(pages.Values); // MJ0007
        List<string> list = [.. names]; // MJ0007
        var copy = new List<string>(names); // MJ0007
        var joined = string.Join(",", names); // MJ0007
        var first = parallel.First(); // MJ0007
        var any = seen.Select(page => page.Key).ToList(); // MJ0007
        return list.Count + copy.Count + joined.Length + first.Value + any.Count;
    }

    private static async IAsyncEnumerable<int> Endless()
    {
        yield return await Task.FromResult(1);
    }
}
