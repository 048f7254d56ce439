using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Worker.Management;

/// <summary>An app with <see cref="ManagedFunctions"/>, and calls of its management API.</summary>
public abstract class ManagementTest : IAsyncLifetime
{
    protected const string Api = "runtime/webhooks/durabletask";

    private TestApp? _app;

    private protected TestApp App => _app ?? throw new InvalidOperationException("The app has not started.");

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
        => _app = await TestApp.StartAsync<ManagedFunctions>("--AzureFunctionsJobHost:extensions:durableTask:hubName=MyHub");

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    protected async Task<string> StartAsync(string name, string? id = null, object? input = null)
    {
        var started = await App.Durable.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), Cancel);
        await App.Durable.WaitForInstanceStartAsync(started, Cancel).WaitAsync(TestApp.Limit, Cancel);
        return started;
    }

    protected async Task<string> RunAsync(string name, string? id = null, object? input = null)
    {
        var started = await StartAsync(name, id, input);
        await App.Durable.WaitForInstanceCompletionAsync(started, Cancel).WaitAsync(TestApp.Limit, Cancel);
        return started;
    }

    /// <summary>Waits until the condition holds after some change of the task hub.</summary>
    private protected async Task UntilAsync(Func<OrchestrationEngine, bool> condition)
    {
        var engine = App.Host.Services.GetRequiredService<OrchestrationEngine>();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Check(HubChange? change)
        {
            if (condition(engine))
            {
                held.TrySetResult();
            }
        }

        engine.Changed += Check;
        try
        {
            Check(null);
            await held.Task.WaitAsync(TestApp.Limit, Cancel);
        }
        finally
        {
            engine.Changed -= Check;
        }
    }

    protected async Task<JsonElement> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK)
        => await ReadAsync(await App.Http.GetAsync($"{Api}/{path}", Cancel), expected);

    protected async Task<JsonElement> PostAsync(string path, object? body, HttpStatusCode expected)
        => await ReadAsync(
            body is null ? await App.Http.PostAsync($"{Api}/{path}", null, Cancel) : await App.Http.PostAsJsonAsync($"{Api}/{path}", body, Cancel),
            expected);

    protected static async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(Cancel);
            Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode}: {body}");
            return body.Length == 0 ? default : JsonElement.Parse(body);
        }
    }
}
