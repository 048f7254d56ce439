using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelJobs.Cli.History;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Client;

/// <summary>The service's HTTP API, typed. Every failure is a <see cref="ServiceException"/>; nothing is retried here.</summary>
internal sealed class JobsClient : IDisposable
{
    /// <summary>The media type of items, results and errors: one JSON object a line.</summary>
    public const string NdjsonMediaType = "application/x-ndjson";

    /// <summary>Time for the service to accept a connection.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Time for an answer to begin, beyond what the call itself asks the service to wait. Bodies of items have no limit.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly string? _key;
    private readonly EntraToken? _token;
    private readonly TimeProvider _time;

    /// <param name="endpoint">Where the service answers, without the <c>api</c> prefix.</param>
    /// <param name="key">The function key, if the service asks for one.</param>
    /// <param name="time">The clock of the time-outs.</param>
    /// <param name="token">The token, if the service asks for one; disposed with the client.</param>
    public JobsClient(Uri endpoint, string? key, TimeProvider time, EntraToken? token = null)
    {
        Endpoint = new Uri(endpoint, "/");
        _key = key;
        _token = token;
        _time = time;
        _http = OpenHttp();
    }

    /// <summary>Where the service answers.</summary>
    public Uri Endpoint { get; }

    /// <summary>Submits a job. The input is sent as it is read and never held in memory.</summary>
    /// <param name="submission">Model and options.</param>
    /// <param name="input">NDJSON items, read to their end.</param>
    /// <param name="cancellationToken">Breaks off the call.</param>
    /// <returns>The job as accepted, or the job that the idempotency key already names.</returns>
    public async Task<Job> SubmitAsync(JobSubmission submission, Stream input, CancellationToken cancellationToken)
    {
        using var upload = new Upload(input);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/jobs?{submission.ToQuery()}") { Content = upload };
        if (submission.IdempotencyKey is { } key)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await UploadAsync(request, upload, ContractsJson.Wire.Job, cancellationToken);
    }

    /// <summary>Asks what a job would take. The input is sent as it is read, and the service keeps nothing of it.</summary>
    /// <param name="submission">Model and options; its idempotency key is not used.</param>
    /// <param name="input">NDJSON items, read to their end.</param>
    /// <param name="cancellationToken">Breaks off the call.</param>
    public async Task<JobEstimate> EstimateAsync(JobSubmission submission, Stream input, CancellationToken cancellationToken)
    {
        using var upload = new Upload(input);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/jobs?{submission.ToQuery()}&dryRun=true") { Content = upload };
        return await UploadAsync(request, upload, ContractsJson.Wire.JobEstimate, cancellationToken);
    }

    /// <summary>Reads a job's status.</summary>
    /// <param name="id">The job.</param>
    /// <param name="wait">How long the service may hold its answer for the job to end, in whole seconds; zero answers at once.</param>
    /// <param name="cancellationToken">Breaks off the call.</param>
    public async Task<Job> GetAsync(string id, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, JobPath(id));
        if (wait > TimeSpan.Zero)
        {
            request.Headers.Add("Prefer", $"wait={wait.TotalSeconds:0}");
        }

        using var response = await SendAsync(_http, request, AnswerTimeout + wait, cancellationToken);
        return await ReadAsync(response, ContractsJson.Wire.Job, cancellationToken);
    }

    /// <summary>Lists jobs, the newest first, following the service's pages.</summary>
    /// <param name="top">Most jobs to list.</param>
    /// <param name="cancellationToken">Breaks off the call.</param>
    public async IAsyncEnumerable<Job> ListAsync(int top, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = $"api/jobs?top={Math.Min(top, JobLimits.MaxListedJobs)}";
        for (var listed = 0; path is not null;)
        {
            var page = await ListPageAsync(path, cancellationToken);
            foreach (var job in page.Jobs)
            {
                if (listed++ == top)
                {
                    yield break;
                }

                yield return job;
            }
            path = listed < top ? page.NextLink : null;
        }
    }

    /// <summary>Tells a job to cancel, pause or resume.</summary>
    /// <returns>The job as it stands now; it may take a moment to get there.</returns>
    public async Task<Job> ControlAsync(string id, JobControlVerb verb, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{JobPath(id)}/{verb.ToPath()}");
        using var response = await SendAsync(_http, request, AnswerTimeout, cancellationToken);
        return await ReadAsync(response, ContractsJson.Wire.Job, cancellationToken);
    }

    /// <summary>Runs parked items of a job that has ended again.</summary>
    /// <returns>The job, which runs; if it has no parked items, as it ended.</returns>
    public Task<Job> RedriveAsync(string id, RedriveRequest redrive, CancellationToken cancellationToken) =>
        PostAsync($"{JobPath(id)}/redrive", redrive, ContractsJson.Wire.RedriveRequest, cancellationToken);

    /// <summary>Discards parked items of a job that has ended.</summary>
    /// <returns>The job, which runs until that is done; if it has no parked items, as it ended.</returns>
    public Task<Job> DiscardAsync(string id, ParkedSelection selection, CancellationToken cancellationToken) =>
        PostAsync($"{JobPath(id)}/discard", selection, ContractsJson.Wire.ParkedSelection, cancellationToken);

    /// <summary>Deletes a job that has ended.</summary>
    /// <returns>Whether it is gone; otherwise the service goes on deleting it.</returns>
    public async Task<bool> PurgeAsync(string id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, JobPath(id));
        using var response = await SendAsync(_http, request, AnswerTimeout, cancellationToken);
        return response.StatusCode == HttpStatusCode.NoContent;
    }

    /// <summary>Opens lines of a job's items: NDJSON in input order.</summary>
    /// <param name="id">The job.</param>
    /// <param name="lines">Which lines.</param>
    /// <param name="follow">Whether the stream goes on while the job runs, instead of ending with what there is.</param>
    /// <param name="cancellationToken">Breaks off the call; reading the stream takes its own.</param>
    /// <param name="errorCode">Of the parked items, only those that failed with this code; all if null.</param>
    public async Task<ItemLineStream> OpenLinesAsync(
        string id, ItemLines lines, bool follow, CancellationToken cancellationToken, string? errorCode = null)
    {
        var part = lines switch
        {
            ItemLines.Results => "results",
            ItemLines.Errors => "errors",
            _ => "parked",
        };
        var query = follow ? "?follow=true" : errorCode is null ? "" : $"?errorCode={Uri.EscapeDataString(errorCode)}";
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{JobPath(id)}/{part}{query}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(NdjsonMediaType));
        // A followed stream begins with its first result, which may be hours away.
        var response = await SendAsync(_http, request, follow ? null : AnswerTimeout, cancellationToken);
        return new ItemLineStream(response, Endpoint);
    }

    /// <summary>Reads an orchestration with its history, as the HTTP API of Durable Functions answers it.</summary>
    /// <param name="instanceId">The orchestration: a job, or one of its pages.</param>
    /// <param name="cancellationToken">Breaks off the call.</param>
    public async Task<JsonElement> GetHistoryAsync(string instanceId, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            $"runtime/webhooks/durabletask/instances/{Uri.EscapeDataString(instanceId)}?showInput=true&showHistory=true&showHistoryOutput=true");
        try
        {
            using var response = await SendAsync(_http, request, AnswerTimeout, cancellationToken);
            return (await ReadAsync(response, OrchestrationJson.Default.JsonDocument, cancellationToken)).RootElement;
        }
        catch (ServiceException refusal) when (refusal.Status is HttpStatusCode.NotFound)
        {
            throw ServiceException.NoHistory(Endpoint, instanceId, refusal);
        }
        catch (ServiceException refusal) when (refusal.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw ServiceException.NeedsSystemKey(Endpoint, refusal);
        }
    }

    /// <summary>Makes sense of what <see cref="GetHistoryAsync"/> read.</summary>
    public OrchestrationStatus ReadHistory(JsonElement body)
    {
        try
        {
            return body.Deserialize(OrchestrationJson.Default.OrchestrationStatus) ?? throw ServiceException.NotUnderstood(Endpoint);
        }
        catch (JsonException error)
        {
            throw ServiceException.NotUnderstood(Endpoint, error);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _token?.Dispose();
    }

    private async Task<T> UploadAsync<T>(HttpRequestMessage request, Upload upload, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        using var http = OpenHttp(upload.ConnectAsync);
        // An unknown model or a wrong key is answered before gigabytes have travelled.
        request.Headers.ExpectContinue = true;
        using var response = await SendAsync(http, request, timeout: null, cancellationToken);
        return await ReadAsync(response, type, cancellationToken);
    }

    private static string JobPath(string id) => $"api/jobs/{Uri.EscapeDataString(id)}";

    private async Task<Job> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        using var response = await SendAsync(_http, request, AnswerTimeout, cancellationToken);
        return await ReadAsync(response, ContractsJson.Wire.Job, cancellationToken);
    }

    private async Task<JobList> ListPageAsync(string path, CancellationToken cancellationToken)
    {
        // A link to another host would carry the key there.
        var address = new Uri(Endpoint, path);
        if (!Endpoint.IsBaseOf(address))
        {
            throw ServiceException.NotUnderstood(Endpoint);
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        using var response = await SendAsync(_http, request, AnswerTimeout, cancellationToken);
        return await ReadAsync(response, ContractsJson.Wire.JobList, cancellationToken);
    }

    /// <summary>A client of the endpoint, without time-outs of its own.</summary>
    /// <param name="connect">How to connect, if not as usual.</param>
    private HttpClient OpenHttp(Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect = null)
    {
        var handler = new SocketsHttpHandler
        {
            // A redirect would carry the key to a host that the caller did not name.
            AllowAutoRedirect = false,
            ConnectTimeout = ConnectTimeout,
            ConnectCallback = connect,
        };
        var http = new HttpClient(_token is null ? handler : _token.Over(handler)) { BaseAddress = Endpoint, Timeout = Timeout.InfiniteTimeSpan };
        if (_key is not null)
        {
            http.DefaultRequestHeaders.Add("x-functions-key", _key);
        }

        return http;
    }

    /// <summary>Sends a request and returns its answer's head, once that is a success.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        HttpClient http, HttpRequestMessage request, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw ServiceException.TimedOut(Endpoint, timeout!.Value);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            // The handler reports an expired ConnectTimeout as a cancellation of its own.
            throw ServiceException.Unreachable(Endpoint, error);
        }
        catch (HttpRequestException error) when (error.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            throw ServiceException.Unreachable(Endpoint, error);
        }
        catch (HttpRequestException error)
        {
            throw ServiceException.Interrupted(Endpoint, error);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw ServiceException.Refused(Endpoint, response.StatusCode, await ReadProblemAsync(response, cancellationToken));
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken) ?? throw ServiceException.NotUnderstood(Endpoint);
        }
        catch (JsonException error)
        {
            throw ServiceException.NotUnderstood(Endpoint, error);
        }
        catch (IOException error)
        {
            throw ServiceException.Interrupted(Endpoint, error);
        }
    }

    /// <summary>The problem that explains a refusal; null if the answer, a gateway's page say, holds none.</summary>
    private async Task<Problem?> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return null;
        }

        try
        {
            return await ReadAsync(response, ContractsJson.Wire.Problem, cancellationToken);
        }
        catch (ServiceException error) when (!error.IsTransient)
        {
            // Somebody else's problem, without the members that this service gives: the status has to do.
            return null;
        }
    }
}
