using System.Net.Http.Json;
using ModelJobs.Contracts;

namespace ModelJobs.Bench.InProcess;

/// <summary>A client of the app's HTTP API that waits where it can be told, and never polls.</summary>
internal sealed class JobClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Submits items.</summary>
    /// <param name="query">Model and options, as in the query.</param>
    /// <param name="items">NDJSON.</param>
    public async Task<Job> SubmitAsync(string query, HttpContent items)
    {
        using var accepted = await _http.PostAsync($"api/jobs?{query}", items);
        accepted.EnsureSuccessStatusCode();
        return await ReadAsync(accepted);
    }

    /// <summary>Waits for the end of a job.</summary>
    /// <exception cref="InvalidDataException">It did not succeed.</exception>
    public async Task<Job> EndOfAsync(string job)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"api/jobs/{job}");
            request.Headers.Add("Prefer", $"wait={JobLimits.MaxWaitSeconds}");
            using var response = await _http.SendAsync(request);
            response.EnsureSuccessStatusCode();
            if (await ReadAsync(response) is { CompletedAt: not null } ended)
            {
                return ended.Status == JobStatus.Succeeded ? ended : throw new InvalidDataException($"Job {job} ended as {ended.Status}: {ended.Error?.Message}");
            }
        }
    }

    /// <summary>The results of a job.</summary>
    public Task<Stream> ResultsAsync(string job) => _http.GetStreamAsync($"api/jobs/{job}/results");

    public void Dispose() => _http.Dispose();

    private static async Task<Job> ReadAsync(HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync(ContractsJson.Wire.Job) ?? throw new InvalidDataException("The job is null.");
}
