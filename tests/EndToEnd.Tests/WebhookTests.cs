using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;
using ModelJobs.Tests.Support.Webhooks;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>Whoever is told of a job's end. Budget: 20 seconds, of which the wait before a second attempt takes five.</summary>
public sealed class WebhookTests(StorageEmulator storage)
{
    private const string Secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private static readonly string[] Settings = [$"Webhooks:Secret={Secret}", "Webhooks:AllowPrivateAddresses=true", "Models:mended:Runner=mended"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_EndsAndIsRedriven_TellsItsReceiverOfEachRound()
    {
        await using var receiver = await WebhookReceiver.StartAsync(204);
        await using var app = await LocalApp.StartAsync(storage, Settings);

        var job = await app.Jobs.WaitAsync((await SubmitAsync(app, receiver, failing: 3)).Id);
        await receiver.WaitAsync(1);
        job = await ToldAsync(app, job.Id);
        await Invariants.CheckAsync(app, job);
        var redriven = await RedriveAsync(app, job.Id);
        var calls = await receiver.WaitAsync(2);
        redriven = await ToldAsync(app, redriven.Id);
        await Invariants.CheckLinesAsync(app.Jobs, redriven);

        Assert.Equal(2, calls.Count);
        Assert.All(calls, call => Assert.True(call.IsSignedWith(Secret, DateTimeOffset.UnixEpoch.AddSeconds(call.Timestamp))));
        Assert.Equal([$"webhook-{job.Id}-0000000000", $"webhook-{job.Id}-"], [calls[0].Id, calls[1].Id[..^10]]);
        Assert.NotEqual(calls[0].Id, calls[1].Id);
        CheckTold(job, calls[0]);
        CheckTold(redriven, calls[1]);
        Assert.Equal((17L, 3L, 20L), (job.Items.Succeeded, job.Items.Failed, redriven.Items.Succeeded));
        Assert.All(calls, call => Assert.DoesNotContain("secret-token", System.Text.Encoding.UTF8.GetString(call.Body), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_ReceiverHangs_EndsWithoutItAndCanBeDeleted()
    {
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await WebhookReceiver.StartAsync((_, _) => hangs.Task);
        await using var app = await LocalApp.StartAsync(storage, Settings);

        var job = await app.Jobs.WaitAsync((await SubmitAsync(app, receiver)).Id);
        await receiver.WaitAsync(1);

        // The call is open, and the job has ended.
        Assert.Equal((JobStatus.Succeeded, new JobWebhook(WebhookState.Pending, 0)), (job.Status, job.Webhook));
        using var deleted = await app.Http.DeleteAsync(new Uri($"api/jobs/{job.Id}", UriKind.Relative), Token);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Single(receiver.Calls);
        hangs.SetResult();
    }

    [Fact]
    public async Task Job_AppIsStoppedBetweenAttempts_IsToldByTheNext()
    {
        await using var receiver = await WebhookReceiver.StartAsync(500, 200);
        var name = "test-" + Guid.CreateVersion7().ToString("N");
        var data = Path.Combine(Path.GetTempPath(), name);
        string[] settings = [.. Settings, "LocalRuntime:State=Disk", $"LocalRuntime:DataFolder={data}", $"Jobs:Container={name}"];
        try
        {
            string id;
            await using (var first = await LocalApp.StartAsync(storage, settings))
            {
                id = (await first.Jobs.WaitAsync((await SubmitAsync(first, receiver)).Id)).Id;
                // The attempt has failed, and that is kept.
                await UntilAsync(first, id, webhook => webhook.Attempts == 1);
            }

            await using var second = await LocalApp.StartAsync(storage, settings);
            var calls = await receiver.WaitAsync(2);
            var job = await ToldAsync(second, id);

            Assert.Equal(new JobWebhook(WebhookState.Delivered, 2, 200), job.Webhook);
            Assert.All(calls, call => Assert.True(call.IsSignedWith(Secret)));
            Assert.Single(calls.Select(call => (call.Id, Convert.ToHexString(call.Body))).Distinct());
            await Invariants.CheckLinesAsync(second.Jobs, job);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Theory]
    [InlineData("http://hooks.example.org/")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://[::ffff:169.254.169.254]/metadata")]
    public async Task Submit_AddressThatIsNotPublic_IsRefused(string webhook)
    {
        await using var app = await LocalApp.StartAsync(storage, $"Webhooks:Secret={Secret}");

        using var answer = await app.Jobs.PostAsync($"?model=recorded&webhook={Uri.EscapeDataString(webhook)}", Items(0));

        var problem = await JobsApi.ProblemAsync(answer);
        Assert.Equal(("/problems/bad-option", StatusCodes.Status400BadRequest), (problem.Type, problem.Status));
        Assert.StartsWith("webhook must ", problem.Detail, StringComparison.Ordinal);
        Assert.Empty(await app.Jobs.ListAsync());
    }

    private static Task<Job> SubmitAsync(LocalApp app, WebhookReceiver receiver, int failing = 0) =>
        app.Jobs.SubmitAsync($"?model=recorded&webhook={Uri.EscapeDataString(receiver.Url)}", Items(failing));

    private static IEnumerable<string> Items(int failing) =>
        Enumerable.Range(0, 20).Select(i => $$$"""{"input":{"id":{{{i}}},"duration":0{{{(i < failing ? ",\"fail\":\"permanent\"" : "")}}}}}""");

    private static async Task<Job> RedriveAsync(LocalApp app, string id)
    {
        await app.Jobs.ControlAsync(id, "redrive", """{"model":"mended"}""");
        return await app.Jobs.WaitAsync(id);
    }

    /// <summary>The job, once its receiver has taken the call.</summary>
    private static Task<Job> ToldAsync(LocalApp app, string id) => UntilAsync(app, id, webhook => webhook.State == WebhookState.Delivered);

    private static async Task<Job> UntilAsync(LocalApp app, string id, Func<JobWebhook, bool> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            if (await app.Jobs.WaitAsync(id) is { Webhook: { } webhook } job && isSo(webhook))
            {
                return job;
            }

            await looks.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>What was told is what the job says, up to the time that its end took.</summary>
    private static void CheckTold(Job job, ReceivedCall call)
    {
        var told = JsonSerializer.Deserialize(call.Body, ContractsJson.Wire.WebhookEvent)!;
        Assert.Equal(("job.succeeded", told.Data.CompletedAt), (told.Type, told.Timestamp));
        Assert.InRange(job.CompletedAt!.Value - told.Timestamp, TimeSpan.Zero, Patience);
        Job Timeless(Job one) => one with { CompletedAt = null, LastUpdatedAt = default, ItemsPerSecond = null, Webhook = null };
        Assert.Equal(Json(Timeless(job)), Json(Timeless(told.Data)));
    }

    private static string Json(Job job) => JsonSerializer.Serialize(job, ContractsJson.Wire.Job);
}
