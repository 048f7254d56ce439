using System.Diagnostics;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>What a collector is sent of a job.</summary>
public sealed class TraceTests(StorageEmulator storage)
{
    /// <summary>What joins the spans below the call that submitted the job: what docs/telemetry.md shows.</summary>
    private static readonly string[] Tree =
    [
        "function SubmitJob",
        "  submit",
        "    function AssembleResults",
        "      assemble",
        "    function CollectPage",
        "      collect page",
        "    function DispatchPage",
        "      dispatch page",
        "        function ProcessExpressChunk",
        "          process chunk",
        "    job end",
    ];

    [Fact]
    public async Task Job_OfTwoChunks_IsOneTraceFromTheCallToTheLastResult()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var app = await LocalApp.StartAsync(
            storage, $"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=200");
        using var caller = new Activity("caller").Start();
        caller.ActivityTraceFlags = ActivityTraceFlags.Recorded;

        var items = Enumerable.Range(1, 3).Select(id => $$$"""{"input":{"id":{{{id}}},"duration":0}}""");
        var job = await app.Jobs.SubmitAsync("?model=simulate&chunkItems=2", items);
        var ended = await app.Jobs.WaitAsync(job.Id);
        // A function's own span ends a little after what it did was seen.
        var spans = await collector.SpansAsync(caller.TraceId.ToHexString(), received =>
            received.Any(span => span.Name == "job end")
            && received.Any(span => span.Name == "function SubmitJob")
            && received.Count(span => span.Name == "function ProcessExpressChunk") == 2);

        Assert.Equal(JobStatus.Succeeded, ended.Status);
        var root = Assert.Single(spans, span => span.Name == "function SubmitJob");
        Assert.Equal(Tree, Lines(root, spans, depth: 0).Distinct());
        Assert.All(spans.Where(span => span.Name is "process chunk" or "collect page" or "job end"), span => Assert.Equal(job.Id, span.Attributes["job.id"]));
        Assert.Equal("Succeeded", Assert.Single(spans, span => span.Name == "job end").Attributes["job.status"]);
    }

    [Fact]
    public async Task Job_WhoseCallerIsNotSampled_HasNoSpansInPiecesEither()
    {
        await using var collector = await OtlpCollector.StartAsync();
        Job job;
        await using (var app = await LocalApp.StartAsync(
            storage, $"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=200"))
        {
            using (var caller = new Activity("caller").Start())
            {
                caller.ActivityTraceFlags = ActivityTraceFlags.None;
                job = await app.Jobs.SubmitAsync("?model=simulate", ["""{"input":{"id":1,"duration":0}}"""]);
            }

            job = await app.Jobs.WaitAsync(job.Id);
        }

        // What is left is sent when the app stops.
        Assert.Equal(JobStatus.Succeeded, job.Status);
        Assert.DoesNotContain(collector.All, span => span.Attributes.TryGetValue("job.id", out var id) && id == job.Id);
    }

    [Fact]
    public async Task Job_WithAFailedItem_IsCountedByOutcome()
    {
        await using var app = await LocalApp.StartAsync(storage);
        using var sums = new MetricSums(app.Services);

        var job = await app.Jobs.SubmitAsync(
            "?model=simulate&chunkItems=2",
            ["""{"input":{"id":1,"duration":0}}""", """{"input":{"id":2,"duration":0}}""", """{"input":{"id":3,"duration":0,"fail":"permanent"}}"""]);
        await app.Jobs.WaitAsync(job.Id);

        Assert.Equal(
            [
                "messaging.client.consumed.messages messaging.system=servicebus messaging.destination.name=chunks-express messaging.operation.name=receive messaging.operation.type=receive = 2",
                "messaging.client.consumed.messages messaging.system=servicebus messaging.destination.name=results messaging.operation.name=receive messaging.operation.type=receive = 2",
                "messaging.client.sent.messages messaging.system=servicebus messaging.destination.name=chunks-express messaging.operation.name=send messaging.operation.type=send = 2",
                "messaging.client.sent.messages messaging.system=servicebus messaging.destination.name=results messaging.operation.name=send messaging.operation.type=send = 2",
                "messaging.process.duration messaging.system=servicebus messaging.destination.name=chunks-express messaging.operation.name=process messaging.operation.type=process = 2",
                "modeljobs.chunk.queue_wait job.model=simulate = 2",
                "modeljobs.chunk.run_time job.model=simulate = 2",
                "modeljobs.item.attempts job.model=simulate outcome=failed = 1",
                "modeljobs.item.attempts job.model=simulate outcome=succeeded = 2",
                "modeljobs.items job.model=simulate outcome=failed = 1",
                "modeljobs.items job.model=simulate outcome=succeeded = 2",
                "modeljobs.jobs job.model=simulate status=Succeeded = 1",
                "modeljobs.parked job.model=simulate reason=simulated = 1",
            ],
            sums.All);
    }

    private static IEnumerable<string> Lines(OtlpSpan span, IReadOnlyList<OtlpSpan> all, int depth) =>
        all.Where(child => child.Parent == span.Id).OrderBy(child => child.Name, StringComparer.Ordinal)
            .SelectMany(child => Lines(child, all, depth + 1)).Prepend(new string(' ', 2 * depth) + span.Name);
}
