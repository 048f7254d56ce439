using System.Net;
using System.Text;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions;
using ModelJobs.Functions.Access;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Http;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests.Access;

/// <summary>
/// To a caller, a job of somebody else's does not exist: whatever is asked of it, the answer is the one for an id that no job has. Every HTTP
/// function of the app is asked, those that are written tomorrow too. Budget: 10 seconds.
/// </summary>
public sealed class ForeignJobTests(StorageEmulator storage)
{
    private static readonly Gen<Ask> Asks = Gen.Select(
        Gen.Int[0, int.MaxValue],
        Pick("", "?follow=true", "?errorCode=simulated", "?code=x", "?id=job-0", "?top=0", "?%00=%ff"),
        Pick<string?>(null, "", "{}", "{", "[1]", """{"model":"simulate"}""", """{"ids":["1"]}""", """{"id":"x"}""", "\0"),
        Pick("application/json", "text/plain", "application/x-ndjson"),
        Pick<string?>(null, "wait=0", "wait=1", "wait=x"),
        (function, query, body, type, prefer) => new Ask(function, query, body, type, prefer));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_ForeignJob_IsAnsweredAsAnUnknownOne()
    {
        await using var app = await EntraApp.StartAsync(storage, "Models:far:Runner=external");
        var (alice, bob) = (new JobsApi(app.As("alice")), app.As("bob"));
        var ended = await alice.WaitAsync((await alice.SubmitAsync("?model=simulate", ["""{"input":{"id":1,"duration":0,"fail":"permanent"}}"""])).Id);
        var running = await alice.SubmitAsync("?model=far", ["""{"input":1}"""]);
        var ofBob = (await new JobsApi(bob).SubmitAsync("?model=simulate", ["""{"input":{"id":1,"duration":0}}"""])).Id;
        // One that could be Bob's, one that could be anybody's, one of the kind that has no owner, and one that is no id at all.
        string[] unknown = [ofBob[..^16] + new string('0', 16), ended.Id[..^16] + new string('0', 16), JobId.Create(TimeProvider.System), "none"];
        var calls = Calls(app);
        Assert.True(calls.Count >= 10);

        for (var i = 0; i < calls.Count; i++)
        {
            await CompareAsync(bob, calls[i], [ended.Id, running.Id, .. unknown], new Ask(i, "", null, "application/json", null));
        }

        await Asks.SampleAsync(
            ask => CompareAsync(bob, calls[ask.Function % calls.Count], [ended.Id, running.Id, .. unknown], ask), iter: 60, threads: 1);

        // And none of it has done anything.
        var now = await alice.ListAsync();
        Assert.Equal([running.Id, ended.Id], now.Select(job => job.Id));
        Assert.Equal((ended.Status, ended.LastUpdatedAt), (now[1].Status, now[1].LastUpdatedAt));
        Assert.Null(now[0].CompletedAt);
    }

    /// <summary>The owner's own calls get through to the functions, and so do an admin's: the comparison above is not of a wall for all.</summary>
    [Fact]
    public async Task Call_OwnJob_GetsThrough()
    {
        await using var app = await EntraApp.StartAsync(storage);
        var alice = new JobsApi(app.As("alice"));
        var job = await alice.WaitAsync((await alice.SubmitAsync("?model=simulate", ["""{"input":{"id":1,"duration":0}}"""])).Id);

        foreach (var (method, path) in Calls(app).OrderBy(call => call.Method == HttpMethod.Delete))
        {
            using var request = new HttpRequestMessage(method, path(job.Id));
            using var answer = await app.As(method == HttpMethod.Delete ? "alice" : "carol:jobs.admin").SendAsync(request, Token);
            Assert.True(answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Conflict, $"{method} {path("{id}")}: {answer.StatusCode}");
        }
    }

    /// <summary>A route whose parameter has another name would lead around the check.</summary>
    [Fact]
    public async Task Routes_Parameters_AreIdsOfJobs()
    {
        await using var app = await EntraApp.StartAsync(storage);

        var parameters = app.App.Services.GetRequiredService<FunctionCatalog>().With<HttpTrigger>()
            .SelectMany(one => one.Trigger.Route.Split('/').Where(part => part.Contains('{', StringComparison.Ordinal)));

        Assert.Equal(["{" + AccessMiddleware.IdParameter + "}"], parameters.Distinct());
    }

    private static List<(HttpMethod Method, Func<string, string> Path)> Calls(EntraApp app) =>
    [
        .. app.App.Services.GetRequiredService<FunctionCatalog>().With<HttpTrigger>()
            .Where(one => one.Trigger.Route.Contains("{id}", StringComparison.Ordinal))
            .SelectMany(one => one.Trigger.Methods.Select(method => (
                new HttpMethod(method), (Func<string, string>)(id => "api/" + one.Trigger.Route.Replace("{id}", id, StringComparison.Ordinal))))),
    ];

    private static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static async Task CompareAsync(HttpClient caller, (HttpMethod Method, Func<string, string> Path) call, string[] ids, Ask ask)
    {
        List<string> answers = [];
        foreach (var id in ids)
        {
            using var request = new HttpRequestMessage(call.Method, call.Path(id) + ask.Query);
            if (ask.Body is { } body)
            {
                request.Content = new StringContent(body, Encoding.UTF8, ask.Type);
            }

            if (ask.Prefer is { } prefer)
            {
                request.Headers.TryAddWithoutValidation("Prefer", prefer);
            }

            using var answer = await caller.SendAsync(request, Token);
            var headers = answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not ("Date" or "Content-Length"))
                .Select(header => $"{header.Key}: {string.Join(',', header.Value)}").Order(StringComparer.Ordinal);
            var text = (await answer.Content.ReadAsStringAsync(Token)).Replace(id, "ID", StringComparison.Ordinal);
            answers.Add($"{(int)answer.StatusCode}\n{string.Join('\n', headers)}\n{text}");
        }

        Assert.StartsWith("404", answers[0], StringComparison.Ordinal);
        Assert.Contains("/problems/unknown-job", answers[0], StringComparison.Ordinal);
        Assert.Single(answers.Distinct());
    }

    private sealed record Ask(int Function, string Query, string? Body, string Type, string? Prefer);
}
