using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Tests.StandIns;

/// <summary>The service's HTTP API on a loopback port, answering what a test tells it to.</summary>
public sealed class StandInService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly FakeTimeProvider _time;
    private Job _lastStatus = Jobs.Running();

    private StandInService(WebApplication app, FakeTimeProvider time)
    {
        _app = app;
        _time = time;
    }

    public Uri BaseUri => new(_app.Urls.Single() + "/");

    /// <summary>What was asked, in order: <c>GET /api/jobs/a</c>, query included.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Headers of the call asked last.</summary>
    public IHeaderDictionary LastHeaders { get; private set; } = new HeaderDictionary();

    /// <summary>The body submitted last.</summary>
    public string SubmittedBody { get; private set; } = "";

    /// <summary>Told of the first bytes of a submitted body, as they arrive.</summary>
    public TaskCompletionSource FirstBytesArrived { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Statuses that the next calls answer; the last is repeated.</summary>
    public ConcurrentQueue<Job> Statuses { get; } = new();

    /// <summary>Answers a call in the stand-in's place, if it returns true.</summary>
    public Func<HttpContext, Task<bool>> Intercept { get; set; } = _ => Task.FromResult(false);

    /// <summary>Pages that <c>GET /api/jobs</c> answers, by its query; there are no jobs otherwise.</summary>
    public Dictionary<string, JobList> Lists { get; } = [];

    public string Results { get; set; } = "";

    public string Errors { get; set; } = "";

    public string Parked { get; set; } = "";

    /// <summary>What a job that was told something answers, and with which status.</summary>
    public (int Status, Job Job) Told { get; set; } = (202, Jobs.Running());

    /// <summary>How a deletion is answered.</summary>
    public int Deleted { get; set; } = 204;

    public static async Task<StandInService> StartAsync(FakeTimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var service = new StandInService(app, time);
        app.Use(service.RecordAsync);
        app.MapPost("/api/jobs", service.SubmitAsync);
        app.MapGet("/api/jobs", (HttpContext call) => WriteJsonAsync(call, 200, service.Lists.GetValueOrDefault(call.Request.QueryString.Value!, new JobList([]))));
        app.MapGet("/api/jobs/{id}", service.StatusAsync);
        app.MapGet("/api/jobs/{id}/results", (HttpContext call) => WriteLinesAsync(call, service.Results));
        app.MapGet("/api/jobs/{id}/errors", (HttpContext call) => WriteLinesAsync(call, service.Errors));
        app.MapGet("/api/jobs/{id}/parked", (HttpContext call) => WriteLinesAsync(call, service.Parked));
        app.MapPost("/api/jobs/{id}/{verb}", service.TellAsync);
        app.MapDelete("/api/jobs/{id}", (HttpContext call) => service.Deleted == 204 ? Microsoft.AspNetCore.Http.Results.NoContent().ExecuteAsync(call) : WriteJsonAsync(call, service.Deleted, Jobs.Ended()));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return service;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    /// <summary>Answers a problem.</summary>
    public static Task WriteProblemAsync(HttpContext call, Problem problem)
    {
        call.Response.StatusCode = problem.Status;
        call.Response.ContentType = "application/problem+json";
        return call.Response.WriteAsync(JsonSerializer.Serialize(problem, ContractsJson.Wire.Problem), call.RequestAborted);
    }

    private async Task RecordAsync(HttpContext call, RequestDelegate next)
    {
        Calls.Enqueue($"{call.Request.Method} {call.Request.Path.Value}{call.Request.QueryString}");
        LastHeaders = new HeaderDictionary(call.Request.Headers.ToDictionary());
        if (!await Intercept(call))
        {
            await next(call);
        }
    }

    private async Task SubmitAsync(HttpContext call)
    {
        var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await call.Request.Body.ReadAsync(buffer, call.RequestAborted) is > 0 and var read)
        {
            body.Write(buffer, 0, read);
            FirstBytesArrived.TrySetResult();
        }
        SubmittedBody = Encoding.UTF8.GetString(body.ToArray());
        await WriteJsonAsync(call, 202, Jobs.NotStarted());
    }

    private async Task TellAsync(HttpContext call)
    {
        using var reader = new StreamReader(call.Request.Body);
        SubmittedBody = await reader.ReadToEndAsync(call.RequestAborted);
        await WriteJsonAsync(call, Told.Status, Told.Job);
    }

    private async Task StatusAsync(HttpContext call)
    {
        if (Statuses.TryDequeue(out var next))
        {
            _lastStatus = next;
        }
        // A held answer takes the time that the caller allowed, unless the job ends.
        var prefer = call.Request.Headers["Prefer"].ToString();
        if (prefer.StartsWith("wait=", StringComparison.Ordinal) && _lastStatus.CompletedAt is null)
        {
            _time.Advance(TimeSpan.FromSeconds(int.Parse(prefer["wait=".Length..], CultureInfo.InvariantCulture)));
        }

        await WriteJsonAsync(call, 200, _lastStatus);
    }

    private static Task WriteJsonAsync(HttpContext call, int status, object body)
    {
        call.Response.StatusCode = status;
        call.Response.ContentType = "application/json";
        return call.Response.WriteAsync(JsonSerializer.Serialize(body, body.GetType(), ContractsJson.Default), call.RequestAborted);
    }

    private static Task WriteLinesAsync(HttpContext call, string lines)
    {
        call.Response.ContentType = "application/x-ndjson";
        return call.Response.WriteAsync(lines, call.RequestAborted);
    }
}
