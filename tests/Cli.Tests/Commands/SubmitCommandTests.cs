using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Tests.StandIns;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class SubmitCommandTests : IAsyncLifetime
{
    private const string Items = """
        {"id":"a","input":{"duration":0}}
        {"id":"b","input":{"duration":0}}

        """;

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private StandInService _service = null!;

    public async ValueTask InitializeAsync() => _service = await StandInService.StartAsync(_time);

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Submit_WithEveryOption_SendsTheFileAndTheOptions()
    {
        var run = await SubmitAsync(
            _folder.File("items.jsonl", Items),
            "--order-by-key", "--chunk-items", "5", "--max-concurrency", "4", "--priority", "high", "--on-failure", "stopLane", "--tolerate", "1.5%",
            "--deadline", "90m", "--retention", "7d", "--webhook", "https://example.org/a?b=c", "--idempotency-key", "monday", "--function-key", "secret");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                "POST /api/jobs?model=sim%20ulate&orderByKey=true&chunkItems=5&maxConcurrency=4&priority=high&onFailure=stopLane&tolerate=1.5%25" +
                "&deadline=01:30:00&retention=7.00:00:00&webhook=https%3A%2F%2Fexample.org%2Fa%3Fb%3Dc",
            ], _service.Calls);
        Assert.Equal("application/x-ndjson", _service.LastHeaders.ContentType);
        Assert.Equal("monday", _service.LastHeaders["Idempotency-Key"]);
        Assert.Equal("secret", _service.LastHeaders["x-functions-key"]);
        Assert.Equal(Items, _service.SubmittedBody);
        Assert.DoesNotContain("secret", run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_WithoutOptions_LeavesThemToTheService()
    {
        await SubmitAsync(_folder.File("items.ndjson", Items));

        Assert.Equal(["POST /api/jobs?model=sim%20ulate"], _service.Calls);
        Assert.False(_service.LastHeaders.ContainsKey("Idempotency-Key"));
        Assert.False(_service.LastHeaders.ContainsKey("x-functions-key"));
    }

    [Fact]
    public async Task Submit_Accepted_PrintsTheIdAloneOnStandardOutput()
    {
        var run = await SubmitAsync(_folder.File("items.jsonl", Items));

        Assert.Equal([Jobs.Id], run.OutputLines);
        Assert.Contains($"jobs watch {Jobs.Id}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_Dry_PrintsTheEstimateAndSubmitsNothing()
    {
        AnswerEstimates();

        var run = await SubmitAsync(_folder.File("items.jsonl", Items), "--dry-run", "--idempotency-key", "monday");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["POST /api/jobs?model=sim%20ulate&dryRun=true"], _service.Calls);
        Assert.False(_service.LastHeaders.ContainsKey("Idempotency-Key"));
        Assert.Matches(@"Cost, EUR", run.Output);
        Assert.Matches(@"Service Bus operations +120,300 +0\.0962", run.Output);
        Assert.Matches(@"total +0\.0962", run.Output);
        Assert.Contains("2030-01", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_DryWithJson_PrintsTheEstimateAsOneObject()
    {
        AnswerEstimates();

        var run = await SubmitAsync(_folder.File("items.jsonl", Items), "--dry-run", "--json");

        var read = JsonSerializer.Deserialize(Assert.Single(run.OutputLines), ContractsJson.Wire.JobEstimate)!;
        Assert.Equal((Estimate.Chunks, Estimate.ServiceBus, Estimate.Cost!.Total), (read.Chunks, read.ServiceBus, read.Cost!.Total));
    }

    [Fact]
    public async Task Submit_WithJson_PrintsTheJobAsOneObject()
    {
        var run = await SubmitAsync(_folder.File("items.jsonl", Items), "--json");

        Assert.Equal(Jobs.NotStarted(), JsonSerializer.Deserialize(Assert.Single(run.OutputLines), ContractsJson.Wire.Job));
    }

    [Fact]
    public async Task Submit_OfStandardInput_SendsWhatHasArrivedBeforeTheInputEnds()
    {
        // The last line comes only once the service has bytes of the first: a client that collects its input would never end. The first
        // is longer than any buffer on its way.
        var first = $$"""{"input":"{{new string('x', 1024 * 1024)}}"}""" + "\n";
        const string Last = """{"input":2}""" + "\n";
        var input = new GatedStream(Encoding.UTF8.GetBytes(first), _service.FirstBytesArrived.Task, Encoding.UTF8.GetBytes(Last));

        var run = await CliRun.ExecuteAsync(
            ["submit", "-", "--model", "m", "--endpoint", _service.BaseUri.ToString()], new CliSetup { Input = input });

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(first + Last, _service.SubmittedBody);
    }

    [Theory]
    [InlineData("The item has no \"input\".", "error: Invalid input (line 7, column 12): The item has no \"input\".\n")]
    [InlineData("Line 7, column 12: no \"input\".", "error: Invalid input: Line 7, column 12: no \"input\".\n")]
    public async Task Submit_RefusedForALine_PrintsTitleDetailAndLineOnce(string detail, string error)
    {
        _service.Intercept = async call =>
        {
            await StandInService.WriteProblemAsync(call, new Problem
            {
                Type = "/problems/invalid-input",
                Title = "Invalid input",
                Status = 400,
                Detail = detail,
                Line = 7,
                Column = 12,
            });
            return true;
        };

        var run = await SubmitAsync(_folder.File("items.jsonl", Items), "--json");

        Assert.Equal(2, run.ExitCode);
        Assert.Equal(error, run.Error);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Submit_RefusedAtOnce_DoesNotSendTheFile()
    {
        _service.Intercept = async call =>
        {
            await StandInService.WriteProblemAsync(
                call, new Problem { Type = "/problems/unknown-model", Title = "Unknown model", Status = 404 });
            return true;
        };
        // An input that never ends: the run can only end by not reading it.
        var endless = new GatedStream([], new TaskCompletionSource().Task, []);

        var run = await CliRun.ExecuteAsync(
            ["submit", "-", "--model", "m", "--endpoint", _service.BaseUri.ToString()], new CliSetup { Input = endless });

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("error: Unknown model\n", run.Error);
    }

    [Fact]
    public async Task Submit_RefusedInTheMiddleOfTheUpload_StillPrintsTheReason()
    {
        // The stand-in reads no further than the bad line; Kestrel then breaks the connection under the rest, which has no end.
        _service.Intercept = async call =>
        {
            await call.Request.Body.ReadExactlyAsync(new byte[1000], call.RequestAborted);
            await StandInService.WriteProblemAsync(
                call, new Problem { Type = "/problems/invalid-input", Title = "Invalid input", Status = 400, Line = 7 });
            return true;
        };

        var run = await CliRun.ExecuteAsync(
            ["submit", "-", "--model", "m", "--endpoint", _service.BaseUri.ToString()], new CliSetup { Input = new EndlessStream() });

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("error: Invalid input (line 7)\n", run.Error);
    }

    [Fact]
    public async Task Submit_WhenTheServiceDiesDuringTheUpload_SaysThatTheConnectionBroke()
    {
        _service.Intercept = async call =>
        {
            await call.Request.Body.ReadExactlyAsync(new byte[1000], call.RequestAborted);
            call.Abort();
            return true;
        };

        var run = await CliRun.ExecuteAsync(
            ["submit", "-", "--model", "m", "--endpoint", _service.BaseUri.ToString()], new CliSetup { Input = new EndlessStream() });

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: The connection to", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_OfInputThatBreaks_BlamesTheInput()
    {
        var broken = new GatedStream([], Task.FromException(new IOException("disk error")), []);

        var run = await CliRun.ExecuteAsync(
            ["submit", "-", "--model", "m", "--endpoint", _service.BaseUri.ToString()], new CliSetup { Input = broken });

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("error: The input cannot be read: disk error\n", run.Error);
    }

    [Fact]
    public async Task Submit_WithEndpointAndKeyInTheEnvironment_UsesThem()
    {
        var run = await CliRun.ExecuteAsync(
            ["submit", _folder.File("items.jsonl", Items), "--model", "m"],
            new CliSetup
            {
                Variables = { ["MODELJOBS_ENDPOINT"] = _service.BaseUri.ToString(), ["MODELJOBS_KEY"] = "secret" },
            });

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("secret", _service.LastHeaders["x-functions-key"]);
    }

    private static JobEstimate Estimate => new()
    {
        Model = "sim ulate",
        Options = new JobOptions { ChunkItems = 50 },
        Items = 1_000_000,
        Bytes = 100_000_000,
        Pages = 100,
        Chunks = 20_000,
        ServiceBus = new ServiceBusEstimate(20_000, 20_000, 500, 40_000, 40_000, 40_000, 300),
        Storage = new StorageEstimate(529, 803),
        Durable = new DurableEstimate(101, 301, 1004),
        Executions = 20_804,
        Cost = new CostEstimate("EUR", "2030-01", [new CostLine("serviceBusOperations", 120_300, 0.80m, 0.09624m)], 0.09624m),
    };

    private void AnswerEstimates() => _service.Intercept = async call =>
    {
        await call.Request.Body.CopyToAsync(Stream.Null, call.RequestAborted);
        await call.Response.WriteAsync(JsonSerializer.Serialize(Estimate, ContractsJson.Wire.JobEstimate), call.RequestAborted);
        return true;
    };

    private Task<CliRun> SubmitAsync(string file, params string[] options) =>
        CliRun.AgainstAsync(_service, _time, ["submit", file, "--model", "sim ulate", .. options]);

    /// <summary>An input that is always ready and never ends.</summary>
    private sealed class EndlessStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)' ');
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
