using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>Takes telemetry as Application Insights does (POST /v2.1/track, a JSON envelope a line) and keeps it.</summary>
internal sealed class IngestionEndpoint : IAsyncDisposable
{
    private readonly List<JsonElement> _envelopes = [];
    private readonly WebApplication _server;

    private IngestionEndpoint()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.MapPost("/v2.1/track", TakeAsync);
    }

    /// <summary>For <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c>.</summary>
    public string ConnectionString => $"InstrumentationKey={Guid.Empty};IngestionEndpoint={_server.Urls.Single()}/";

    /// <summary>The envelopes' data of one type, as <c>RequestData</c>.</summary>
    public IReadOnlyList<JsonElement> Of(string baseType)
    {
        lock (_envelopes)
        {
            return [.. _envelopes.Where(envelope => envelope.GetProperty("data").GetProperty("baseType").GetString() == baseType)];
        }
    }

    public static async Task<IngestionEndpoint> StartAsync()
    {
        var endpoint = new IngestionEndpoint();
        await endpoint._server.StartAsync(TestContext.Current.CancellationToken);
        return endpoint;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var compressed = context.Request.Headers.ContentEncoding == "gzip";
        await using var body = compressed ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        using var reader = new StreamReader(body);
        var taken = 0;
        while (await reader.ReadLineAsync(context.RequestAborted) is { } line)
        {
            lock (_envelopes)
            {
                _envelopes.Add(JsonElement.Parse(line));
            }

            taken++;
        }

        await context.Response.WriteAsJsonAsync(new { itemsReceived = taken, itemsAccepted = taken, errors = Array.Empty<object>() }, context.RequestAborted);
    }
}
