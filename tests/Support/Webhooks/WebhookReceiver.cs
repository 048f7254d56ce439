using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ModelJobs.Tests.Support.Webhooks;

/// <summary>A call as a receiver got it.</summary>
/// <param name="Path">Path and query.</param>
/// <param name="Headers">All headers.</param>
/// <param name="Body">The body.</param>
public sealed record ReceivedCall(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Id => Headers["webhook-id"];

    /// <summary>Seconds since 1970.</summary>
    public long Timestamp => long.Parse(Headers["webhook-timestamp"], CultureInfo.InvariantCulture);

    /// <summary>Whether a receiver with this secret takes the call for genuine.</summary>
    public bool IsSignedWith(string secret, DateTimeOffset? now = null) => WebhookCheck.IsGenuine(
        secret, Id, Headers["webhook-timestamp"], Headers["webhook-signature"], Body, now ?? DateTimeOffset.FromUnixTimeSeconds(Timestamp));
}

/// <summary>A receiver of webhooks over HTTP, on a port of its own, that keeps what it gets.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ConcurrentQueue<ReceivedCall> _calls = new();
    private readonly SemaphoreSlim _came = new(0);
    private readonly WebApplication _server;

    private WebhookReceiver(Func<HttpContext, int, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(async context =>
        {
            var number = await KeepAsync(context);
            await answer(context, number);
        });
    }

    /// <summary>Calls so far, in order.</summary>
    public IReadOnlyList<ReceivedCall> Calls => [.. _calls];

    public int Port => new Uri(_server.Urls.Single()).Port;

    /// <summary>Where it is, as a webhook.</summary>
    public string Url => $"{_server.Urls.Single()}/hook?token=secret-token";

    /// <summary>Starts one.</summary>
    /// <param name="answer">Answers a call, of which the number counts from 1.</param>
    public static async Task<WebhookReceiver> StartAsync(Func<HttpContext, int, Task> answer)
    {
        var receiver = new WebhookReceiver(answer);
        await receiver._server.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>Starts one that answers with a status each: the last one for all further calls.</summary>
    public static Task<WebhookReceiver> StartAsync(params int[] statuses) => StartAsync((context, number) =>
    {
        context.Response.StatusCode = statuses[Math.Min(number, statuses.Length) - 1];
        return Task.CompletedTask;
    });

    /// <summary>Waits until there were so many calls.</summary>
    public async Task<IReadOnlyList<ReceivedCall>> WaitAsync(int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        while (_calls.Count < count)
        {
            await _came.WaitAsync(limit.Token);
        }

        return Calls;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _came.Dispose();
    }

    private async Task<int> KeepAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var headers = context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString());
        _calls.Enqueue(new ReceivedCall(context.Request.Path + context.Request.QueryString, headers, body.ToArray()));
        var number = _calls.Count;
        _came.Release();
        return number;
    }
}
