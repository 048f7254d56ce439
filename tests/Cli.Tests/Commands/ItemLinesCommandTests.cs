using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Tests.StandIns;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class ItemLinesCommandTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private StandInService _service = null!;

    public async ValueTask InitializeAsync() => _service = await StandInService.StartAsync(_time);

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Theory]
    [InlineData("results", "{\"index\":0,\"output\":\"ü\"}\n{\"index\":2}\n")]
    [InlineData("errors", "{\"index\":1}\n")]
    [InlineData("parked", "{\"index\":3}\n")]
    public async Task Lines_OfJob_AreCopiedAsTheyAre(string command, string lines)
    {
        _service.Results = "{\"index\":0,\"output\":\"ü\"}\n{\"index\":2}\n";
        _service.Errors = "{\"index\":1}\n";
        _service.Parked = "{\"index\":3}\n";

        var run = await CliRun.AgainstAsync(_service, _time, command, Jobs.Id);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(lines, run.Output);
        Assert.Empty(run.Error);
        Assert.Equal([$"GET /api/jobs/{Jobs.Id}/{command}"], _service.Calls);
    }

    [Fact]
    public async Task Results_Followed_AreShownAsTheyCome()
    {
        // The service sends its second line only once the first has been shown.
        var output = new WatchedStream();
        _service.Intercept = async call =>
        {
            await call.Response.WriteAsync("first\n", call.RequestAborted);
            await call.Response.Body.FlushAsync(call.RequestAborted);
            await output.Written.WaitAsync(call.RequestAborted);
            await call.Response.WriteAsync("second\n", call.RequestAborted);
            return true;
        };

        var run = await CliRun.ExecuteAsync(
            ["results", Jobs.Id, "--follow", "--endpoint", _service.BaseUri.ToString()], new CliSetup { Output = output });

        Assert.Equal("first\nsecond\n", run.Output);
        Assert.Equal([$"GET /api/jobs/{Jobs.Id}/results?follow=true"], _service.Calls);
    }

    [Fact]
    public async Task Parked_OfOneCode_AsksForIt()
    {
        CliRun run = await CliRun.AgainstAsync(_service, _time, "parked", Jobs.Id, "--code", "a&b");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal([$"GET /api/jobs/{Jobs.Id}/parked?errorCode=a%26b"], _service.Calls);
    }

    [Fact]
    public async Task Results_CutOffInTheMiddle_Exit2()
    {
        _service.Intercept = async call =>
        {
            await call.Response.WriteAsync("first\n", call.RequestAborted);
            await call.Response.Body.FlushAsync(call.RequestAborted);
            call.Abort();
            return true;
        };

        var run = await CliRun.AgainstAsync(_service, _time, "results", Jobs.Id);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: The connection to", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Tells of its first write.</summary>
    private sealed class WatchedStream : MemoryStream
    {
        private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Written => _written.Task;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await base.WriteAsync(buffer, cancellationToken);
            _written.TrySetResult();
        }
    }
}
