using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Worker;

/// <summary>The stand-in for App Service authentication.</summary>
public sealed class FakeAuthenticationTests
{
    private const string On = "--LocalRuntime:FakeAuthentication=true";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_TokenWithRoles_BecomesThePrincipal()
    {
        await using var app = await TestApp.StartAsync<Who>(On);

        var headers = await AskAsync(app, "Bearer alice:jobs.admin,other");

        Assert.Equal(("aad", "alice"), (headers["X-MS-CLIENT-PRINCIPAL-IDP"], headers["X-MS-CLIENT-PRINCIPAL-NAME"]));
        using var principal = JsonDocument.Parse(Convert.FromBase64String(headers["X-MS-CLIENT-PRINCIPAL"]));
        var claims = principal.RootElement.GetProperty("claims").EnumerateArray()
            .Select(claim => (claim.GetProperty("typ").GetString()!, claim.GetProperty("val").GetString()!)).ToList();
        Assert.Contains(("http://schemas.microsoft.com/identity/claims/objectidentifier", headers["X-MS-CLIENT-PRINCIPAL-ID"]), claims);
        Assert.Equal(["jobs.admin", "other"], claims.Where(claim => claim.Item1 == "roles").Select(claim => claim.Item2));
        Assert.Equal("True", app.Configuration["WEBSITE_AUTH_ENABLED"]);
    }

    [Fact]
    public async Task On_SameNameAgain_IsTheSamePrincipalAndAnotherIsNot()
    {
        await using var app = await TestApp.StartAsync<Who>(On);

        var (alice, again, bob) = (await AskAsync(app, "Bearer alice"), await AskAsync(app, "Bearer alice:role"), await AskAsync(app, "Bearer bob"));

        Assert.Equal(alice["X-MS-CLIENT-PRINCIPAL-ID"], again["X-MS-CLIENT-PRINCIPAL-ID"]);
        Assert.NotEqual(alice["X-MS-CLIENT-PRINCIPAL-ID"], bob["X-MS-CLIENT-PRINCIPAL-ID"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer ")]
    [InlineData("Bearer a b")]
    [InlineData("Bearer alice:")]
    [InlineData("Basic YWxpY2U6eA==")]
    public async Task On_NoName_IsRefused(string? authorization)
    {
        await using var app = await TestApp.StartAsync<Who>(On);
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/who");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        using var answer = await app.Http.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Theory]
    [InlineData("--LocalRuntime:FakeAuthentication=false", "Bearer alice")]
    [InlineData(On, "Bearer alice")]
    public async Task Any_PrincipalThatACallerSends_IsRemoved(string setting, string authorization)
    {
        await using var app = await TestApp.StartAsync<Who>(setting, "--WEBSITE_AUTH_ENABLED=True");

        var headers = await AskAsync(app, authorization, "forged");

        Assert.DoesNotContain("forged", headers.Values);
        Assert.Equal(setting == On, headers.Count > 0);
        Assert.Equal((setting == On).ToString(), app.Configuration["WEBSITE_AUTH_ENABLED"]);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("0.0.0.0")]
    [InlineData("192.0.2.1")]
    public void On_BeyondLoopback_IsRefused(string host)
    {
        using var folder = new Hosting.AppFolder();

        var refusal = Assert.Throws<LocalRuntimeException>(() => TestApp.CreateBuilder(folder, typeof(Who), On, $"--LocalRuntime:HttpHost={host}").Build());

        Assert.Contains("loopback only", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, string>> AskAsync(TestApp app, string authorization, string? forged = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/who");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (forged is not null)
        {
            string[] names = ["X-MS-CLIENT-PRINCIPAL", "x-ms-client-principal-id", "X-MS-CLIENT-PRINCIPAL-IDP", "X-MS-CLIENT-PRINCIPAL-SOMETHING"];
            Assert.All(names, name => request.Headers.Add(name, forged));
        }

        using var answer = await app.Http.SendAsync(request, Cancel);
        answer.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize<Dictionary<string, string>>(await answer.Content.ReadAsStringAsync(Cancel))!;
    }

    public sealed class Who
    {
        [Function("Who")]
        public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "who")] HttpRequest request) => Results.Json(
            request.Headers.Where(header => header.Key.StartsWith("X-MS-", StringComparison.OrdinalIgnoreCase))
                .ToDictionary(header => header.Key, header => header.Value.ToString()));
    }
}
