using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Tests.Worker;

public sealed class FunctionTimeoutTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FunctionTimeout_FunctionHonoursItsToken_InvocationFails()
    {
        var time = new FakeTimeProvider();
        var started = new Started();
        await using var app = await StartAsync(time, started);

        var request = app.Http.GetAsync("api/Patient", Cancel);
        await started.Signal.Task.WaitAsync(TestApp.Limit, Cancel);
        time.Advance(TimeSpan.FromMinutes(1));

        using var response = await request.WaitAsync(TestApp.Limit, Cancel);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
    }

    [Fact]
    public async Task FunctionTimeout_FunctionIgnoresItsToken_InvocationFailsAfterAGrace()
    {
        var time = new FakeTimeProvider();
        var started = new Started();
        await using var app = await StartAsync(time, started);

        var request = app.Http.GetAsync("api/Stubborn", Cancel);
        await started.Signal.Task.WaitAsync(TestApp.Limit, Cancel);
        time.Advance(TimeSpan.FromMinutes(1));
        time.Advance(FunctionInvoker.CancellationGrace);

        using var response = await request.WaitAsync(TestApp.Limit, Cancel);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        started.Release.SetResult();
    }

    private static Task<TestApp> StartAsync(FakeTimeProvider time, Started started)
        => TestApp.StartAsync<Slow>(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddSingleton(started);
            },
            "--AzureFunctionsJobHost:functionTimeout=00:01:00");

    public sealed class Started
    {
        public TaskCompletionSource Signal { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public sealed class Slow(Started started)
    {
        [Function("Patient")]
        public async Task Patient([HttpTrigger] HttpRequest request, CancellationToken cancellationToken)
        {
            var wait = Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            started.Signal.SetResult();
            await wait;
        }

        [Function("Stubborn")]
        public async Task Stubborn([HttpTrigger] HttpRequest request)
        {
            started.Signal.SetResult();
            await started.Release.Task;
        }
    }
}
