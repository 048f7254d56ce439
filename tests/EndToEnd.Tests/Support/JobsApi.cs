using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ModelJobs.Contracts;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>The HTTP API, as a caller's few lines.</summary>
public sealed class JobsApi(HttpClient http)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Posts NDJSON lines; gives the raw answer.</summary>
    public Task<HttpResponseMessage> PostAsync(string query, IEnumerable<string> lines, string? idempotencyKey = null) =>
        PostAsync(query, new StringContent(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson"), idempotencyKey);

    /// <summary>Posts any content; gives the raw answer.</summary>
    public async Task<HttpResponseMessage> PostAsync(string query, HttpContent content, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/jobs" + query) { Content = content };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return await http.SendAsync(request, Cancellation);
    }

    /// <summary>Submits NDJSON lines that must be accepted.</summary>
    public async Task<Job> SubmitAsync(string query, IEnumerable<string> lines, string? idempotencyKey = null)
    {
        using var answer = await PostAsync(query, lines, idempotencyKey);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync(Cancellation));
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Wire.Job, Cancellation))!;
    }

    /// <summary>Waits until a job has ended, on the service's own long poll.</summary>
    public Task<Job> WaitAsync(string id, TimeSpan? limit = null) => WaitAsync(id, job => job.CompletedAt is not null, "wait=30", limit);

    /// <summary>Waits until a job's status is as asked, one call a second.</summary>
    public Task<Job> WaitAsync(string id, Func<Job, bool> isReached) => WaitAsync(id, isReached, "wait=1", limit: null);

    private async Task<Job> WaitAsync(string id, Func<Job, bool> isReached, string prefer, TimeSpan? limit)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        timeout.CancelAfter(limit ?? TimeSpan.FromMinutes(1));
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"api/jobs/{id}");
            request.Headers.Add("Prefer", prefer);
            using var answer = await http.SendAsync(request, timeout.Token);
            answer.EnsureSuccessStatusCode();
            var job = (await answer.Content.ReadFromJsonAsync(ContractsJson.Wire.Job, timeout.Token))!;
            if (isReached(job))
            {
                return job;
            }

            Assert.True(job.CompletedAt is null, $"The job ended as {job.Status} before it was as asked.");
        }
    }

    public async Task<IReadOnlyList<Job>> ListAsync() =>
        (await http.GetFromJsonAsync("api/jobs", ContractsJson.Wire.JobList, Cancellation))!.Jobs;

    public IAsyncEnumerable<ItemResult> ResultsAsync(string id) => LinesAsync($"api/jobs/{id}/results");

    public IAsyncEnumerable<ItemResult> ErrorsAsync(string id) => LinesAsync($"api/jobs/{id}/errors");

    public IAsyncEnumerable<ItemResult> ParkedAsync(string id) => LinesAsync($"api/jobs/{id}/parked");

    /// <summary>Cancels, pauses, resumes, redrives or discards; the call must be accepted.</summary>
    /// <param name="id">The job.</param>
    /// <param name="action">The last segment of the path.</param>
    /// <param name="body">The body, as JSON; none if null.</param>
    public async Task<Job> ControlAsync(string id, string action, string? body = null)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri($"api/jobs/{id}/{action}", UriKind.Relative), content, Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Wire.Job, Cancellation))!;
    }

    /// <summary>Reads the problem of a refused call.</summary>
    public static async Task<Problem> ProblemAsync(HttpResponseMessage answer)
    {
        Assert.Equal(new MediaTypeHeaderValue("application/problem+json").MediaType, answer.Content.Headers.ContentType?.MediaType);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Wire.Problem, Cancellation))!;
    }

    private async IAsyncEnumerable<ItemResult> LinesAsync(string path)
    {
        await using var stream = await http.GetStreamAsync(new Uri(path, UriKind.Relative), Cancellation);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(Cancellation) is { } line)
        {
            yield return JsonSerializer.Deserialize(line, ContractsJson.Wire.ItemResult)!;
        }
    }
}
