using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using ModelJobs.Bench.Measure;
using ModelJobs.Contracts;

namespace ModelJobs.Bench.WholePath;

/// <summary>A process of <c>jobs serve</c> on a new data folder, and a client of its HTTP API.</summary>
internal sealed partial class ServedJobs : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly TemporaryFolder _folder;
    private readonly HttpClient _http;
    private readonly IReadOnlyList<int> _processes;

    private ServedJobs(Process process, TemporaryFolder folder, Uri address)
    {
        _process = process;
        _folder = folder;
        _http = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        _processes = [process.Id, .. ProcessUsage.ChildrenOf(process.Id)];
    }

    /// <summary>Starts the program.</summary>
    /// <param name="state"><c>Disk</c> or <c>Memory</c>.</param>
    /// <param name="concurrentCalls">Chunks that run at once.</param>
    /// <param name="deliveryDelay">How long messages are on their way to their functions.</param>
    public static async Task<ServedJobs> StartAsync(string state, int concurrentCalls, TimeSpan deliveryDelay = default)
    {
        var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("dotnet", [BuiltPaths.JobsProgram, "serve", "--port", "0", "--data", folder.Path])
        {
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        start.Environment["LocalRuntime__State"] = state;
        start.Environment["AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls"] = $"{concurrentCalls}";
        if (deliveryDelay > TimeSpan.Zero)
        {
            start.Environment["LocalRuntime__DeliveryDelay"] = deliveryDelay.ToString("c", CultureInfo.InvariantCulture);
        }

        var process = Process.Start(start)!;
        try
        {
            return new ServedJobs(process, folder, await AddressOf(process).WaitAsync(StartLimit));
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            folder.Dispose();
            throw;
        }
    }

    /// <summary>What the app used so far.</summary>
    public ProcessUsage App => ProcessUsage.Of(_process.Id);

    /// <summary>What Azurite, which keeps its blobs, used so far.</summary>
    public ProcessUsage Azurite => ProcessUsage.Of(_processes[^1]);

    /// <summary>Runs a job to its end and reads its results.</summary>
    /// <param name="events">Number of items.</param>
    /// <param name="chunkItems">Items in a chunk.</param>
    /// <returns>Seconds from the first byte of the request to the last result.</returns>
    /// <exception cref="InvalidDataException">The results are not what the events ask for, in their order.</exception>
    public async Task<double> RunAsync(int events, int chunkItems)
    {
        var start = Stopwatch.GetTimestamp();
        var job = await WaitAsync((await SubmitAsync(events, chunkItems, TimeSpan.Zero)).Id);
        var read = await ReadResultsAsync(job.Id);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return job.Status == JobStatus.Succeeded && read == events
            ? seconds
            : throw new InvalidDataException($"The job of {events} events ended as {job.Status} with {read} results: {job.Error?.Message}");
    }

    /// <summary>Submits a job of events that take so much time each.</summary>
    public async Task<Job> SubmitAsync(int events, int chunkItems, TimeSpan duration)
    {
        using var body = new EventLines(events, duration);
        using var accepted = await _http.PostAsync($"api/jobs?model=simulate&chunkItems={chunkItems}", body);
        accepted.EnsureSuccessStatusCode();
        return await ReadAsync(accepted);
    }

    /// <summary>A job when it has ended.</summary>
    public async Task<Job> WaitAsync(string id)
    {
        const int Wait = 60;
        var job = await ReadAsync(id, Wait);
        while (job.CompletedAt is null)
        {
            job = await ReadAsync(id, Wait);
        }

        return job;
    }

    /// <summary>A job when it has ended, or after some seconds.</summary>
    public async Task<Job> ReadAsync(string id, int waitSeconds)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/jobs/{id}");
        request.Headers.Add("Prefer", $"wait={waitSeconds}");
        using var response = await _http.SendAsync(request);
        return await ReadAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task<int> ReadResultsAsync(string job)
    {
        var count = 0;
        using var reader = new StreamReader(await _http.GetStreamAsync($"api/jobs/{job}/results"), Encoding.UTF8);
        while (await reader.ReadLineAsync() is { } line)
        {
            // The beginning says which item it is: results in another order than the input's do not count.
            if (!line.StartsWith($"{{\"index\":{count},", StringComparison.Ordinal))
            {
                throw new InvalidDataException($"Result {count} is not in its place: {line}");
            }

            count++;
        }

        return count;
    }

    private static async Task<Job> ReadAsync(HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync(ContractsJson.Wire.Job) ?? throw new InvalidDataException("The job is null.");

    private static async Task<Uri> AddressOf(Process process)
    {
        var log = new StringBuilder();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            if (Address().Match(line) is { Success: true } match)
            {
                // Its log must not fill the pipe.
                _ = process.StandardError.ReadToEndAsync();
                return new Uri(match.Groups[1].Value);
            }

            log.AppendLine(line);
        }

        throw new InvalidOperationException($"jobs serve did not start: {log}");
    }

    [GeneratedRegex("^Serving at (http://[^,]+),")]
    private static partial Regex Address();
}
