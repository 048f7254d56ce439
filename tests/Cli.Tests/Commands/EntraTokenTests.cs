using System.Net;
using Azure.Core;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Tests.StandIns;

namespace ModelJobs.Cli.Tests.Commands;

/// <summary>Calls with a token of Microsoft Entra ID.</summary>
public sealed class EntraTokenTests : IAsyncLifetime
{
    private const string Scope = "api://app/.default";

    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _asked = [];
    private StandInService _service = null!;
    private TimeSpan _lifetime = TimeSpan.FromHours(1);

    public async ValueTask InitializeAsync() => _service = await StandInService.StartAsync(_time);

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task List_WithScope_SendsTheTokenAndSaysNothingOfIt()
    {
        var run = await RunAsync(["list", "--scope", Scope]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("Bearer secret-1", _service.LastHeaders.Authorization);
        Assert.Equal([Scope], _asked);
        Assert.DoesNotContain("secret", run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_ScopeOfTheEnvironmentAndAKey_SendsBoth()
    {
        var run = await RunAsync(["submit", "-", "--model", "m", "--function-key", "k"], ("MODELJOBS_SCOPE", Scope));

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(("Bearer secret-1", "k"), (_service.LastHeaders.Authorization.ToString(), _service.LastHeaders["x-functions-key"].ToString()));
    }

    [Fact]
    public async Task List_WithoutScope_AsksForNoToken()
    {
        await RunAsync(["list"]);

        Assert.Empty(_asked);
        Assert.Empty(_service.LastHeaders.Authorization.ToString());
    }

    [Theory]
    [InlineData("http://example.org")]
    [InlineData("http://10.0.0.1:7071")]
    public async Task List_InTheClear_IsRefusedBeforeATokenIsAskedFor(string endpoint)
    {
        var run = await CliRun.ExecuteAsync(["list", "--endpoint", endpoint, "--scope", Scope], new CliSetup { Credential = Credential() });

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("https", run.Error, StringComparison.Ordinal);
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task List_NobodySignedIn_SaysHowTo()
    {
        var run = await CliRun.AgainstAsync(_service, _time, "list", "--scope", Scope);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("az login", run.Error, StringComparison.Ordinal);
        Assert.Empty(_service.Calls);
    }

    [Fact]
    public async Task List_ServiceAsksWhoCalls_SaysWhatToGive()
    {
        _service.Intercept = call =>
        {
            call.Response.StatusCode = (int)HttpStatusCode.Unauthorized;
            return Task.FromResult(true);
        };

        var run = await RunAsync(["list"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--scope", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, "Bearer secret-1", "Bearer secret-1")]
    [InlineData(4, "Bearer secret-1", "Bearer secret-2")]
    public async Task Watch_Token_IsReplacedWhenItNearsItsEnd(int minutes, string first, string second)
    {
        _lifetime = TimeSpan.FromMinutes(minutes);
        _service.Statuses.Enqueue(Jobs.Running());
        _service.Statuses.Enqueue(Jobs.Ended());
        var seen = new List<string>();
        _service.Intercept = call =>
        {
            seen.Add(call.Request.Headers.Authorization.ToString());
            return Task.FromResult(false);
        };

        var run = await RunAsync(["watch", "a1b2", "--scope", Scope]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal([first, second], seen.Take(2));
    }

    private Task<CliRun> RunAsync(string[] args, params (string Name, string Value)[] variables) => CliRun.ExecuteAsync(
        [.. args, "--endpoint", _service.BaseUri.ToString()],
        new CliSetup
        {
            Time = _time,
            Input = new MemoryStream("{\"input\":1}"u8.ToArray()),
            Credential = Credential(),
            Variables = variables.ToDictionary(variable => variable.Name, variable => variable.Value),
        });

    private TokenCredential Credential() => DelegatedTokenCredential.Create((request, _) =>
    {
        _asked.AddRange(request.Scopes);
        return new AccessToken($"secret-{_asked.Count}", _time.GetUtcNow() + _lifetime);
    });
}
