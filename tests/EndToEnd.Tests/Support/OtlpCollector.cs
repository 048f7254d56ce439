using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>A span as a collector was sent it; ids in lower-case hexadecimal.</summary>
internal sealed record OtlpSpan(string Trace, string Id, string Parent, string Name, IReadOnlyDictionary<string, string> Attributes);

/// <summary>Takes spans by OTLP over HTTP (POST /v1/traces, Protobuf) and keeps them.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly List<OtlpSpan> _spans = [];
    private readonly SemaphoreSlim _came = new(0);
    private readonly WebApplication _server;

    private OtlpCollector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.MapPost("/v1/traces", TakeAsync);
        _server.MapPost("/v1/metrics", static () => Results.Ok());
    }

    /// <summary>For <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>.</summary>
    public string Address => _server.Urls.Single();

    public static async Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        await collector._server.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    /// <summary>All spans so far.</summary>
    public IReadOnlyList<OtlpSpan> All
    {
        get
        {
            lock (_spans)
            {
                return [.. _spans];
            }
        }
    }

    /// <summary>Waits until the spans of a trace are as asked.</summary>
    public async Task<IReadOnlyList<OtlpSpan>> SpansAsync(string trace, Func<IReadOnlyList<OtlpSpan>, bool> isComplete)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
        {
            lock (_spans)
            {
                if (_spans.Where(span => span.Trace == trace).ToList() is var known && isComplete(known))
                {
                    return known;
                }
            }

            await _came.WaitAsync(limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _came.Dispose();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        // ExportTraceServiceRequest > resource_spans (1) > scope_spans (2) > spans (2), of opentelemetry-proto 1.x.
        var spans = from resource in Fields(body.ToArray())
                    where resource.Number == 1
                    from scope in Fields(resource.Bytes)
                    where scope.Number == 2
                    from span in Fields(scope.Bytes)
                    where span.Number == 2
                    select Read(span.Bytes);
        lock (_spans)
        {
            _spans.AddRange(spans);
        }

        _came.Release();
    }

    // Span: trace_id (1), span_id (2), parent_span_id (4), name (5), attributes (9).
    private static OtlpSpan Read(ReadOnlyMemory<byte> span)
    {
        var fields = Fields(span);
        return new OtlpSpan(Hex(1), Hex(2), Hex(4), Text(fields, 5), Of(9).Select(Fields).ToDictionary(pair => Text(pair, 1), pair => Text(Fields(First(pair, 2)), 1)));

        IEnumerable<ReadOnlyMemory<byte>> Of(int number) => fields.Where(field => field.Number == number).Select(field => field.Bytes);

        string Hex(int number) => Convert.ToHexStringLower(First(fields, number).Span);
    }

    private static ReadOnlyMemory<byte> First(List<(int Number, ReadOnlyMemory<byte> Bytes)> fields, int number) =>
        fields.Find(field => field.Number == number).Bytes;

    private static string Text(List<(int Number, ReadOnlyMemory<byte> Bytes)> fields, int number) => Encoding.UTF8.GetString(First(fields, number).Span);

    /// <summary>The fields of a Protobuf message; those that are numbers have no bytes.</summary>
    private static List<(int Number, ReadOnlyMemory<byte> Bytes)> Fields(ReadOnlyMemory<byte> message)
    {
        var fields = new List<(int, ReadOnlyMemory<byte>)>();
        while (message.Length > 0)
        {
            var key = Varint(ref message);
            var length = (key & 7) switch
            {
                0 => Skip(ref message),
                1 => sizeof(ulong),
                5 => sizeof(uint),
                2 => (int)Varint(ref message),
                var wire => throw new InvalidDataException($"Wire type {wire} is not in use."),
            };
            fields.Add(((int)(key >> 3), (key & 7) == 2 ? message[..length] : default));
            message = message[length..];
        }

        return fields;
    }

    private static int Skip(ref ReadOnlyMemory<byte> message)
    {
        _ = Varint(ref message);
        return 0;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> message)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = message.Span[0];
            message = message[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
