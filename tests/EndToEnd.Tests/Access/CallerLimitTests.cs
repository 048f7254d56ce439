using System.Net;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests.Access;

/// <summary>One caller cannot take all. Budget: 10 seconds.</summary>
public sealed class CallerLimitTests(StorageEmulator storage)
{
    private const string Far = "?model=far";
    private static readonly string[] Item = ["""{"input":1}"""];

    [Fact]
    public async Task Submit_TooManyOpenJobs_AreRefusedUntilOneEnds()
    {
        await using var app = await EntraApp.StartAsync(storage, "Models:far:Runner=external", "Jobs:MaxOpenJobs=2", "Jobs:StopGrace=00:00:01");
        var (alice, bob) = (new JobsApi(app.As("alice")), new JobsApi(app.As("bob")));
        var job = await alice.SubmitAsync(Far, Item);
        await alice.SubmitAsync(Far, Item);

        using var refused = await alice.PostAsync(Far, Item);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        var problem = await JobsApi.ProblemAsync(refused);
        Assert.Equal(("/problems/too-many-jobs", 429), (problem.Type, problem.Status));
        Assert.Equal(2, (await alice.ListAsync()).Count);
        using var estimate = await alice.PostAsync(Far + "&dryRun=true", Item);
        Assert.Equal(HttpStatusCode.OK, estimate.StatusCode);
        await bob.SubmitAsync(Far, Item);

        await alice.ControlAsync(job.Id, "cancel");
        await alice.WaitAsync(job.Id);
        var accepted = false;
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var tries = 0; tries < 300 && !accepted; tries++)
        {
            using var answer = await alice.PostAsync(Far, Item);
            accepted = answer.StatusCode == HttpStatusCode.Accepted;
            await looks.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        Assert.True(accepted);
    }

    [Fact]
    public async Task Submit_ByKey_AllCallersShareTheLimits()
    {
        await using var app = await LocalApp.StartAsync(storage, "Models:far:Runner=external", "Jobs:MaxOpenJobs=1", "Jobs:MaxSubmissionsPerMinute=3");
        Job job = await app.Jobs.SubmitAsync(Far, Item);

        using var open = await app.Jobs.PostAsync(Far, Item);
        using var estimate = await app.Jobs.PostAsync(Far + "&dryRun=true", Item);
        using var fast = await app.Jobs.PostAsync(Far + "&dryRun=true", Item);

        Assert.Equal(
            (HttpStatusCode.TooManyRequests, HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (open.StatusCode, estimate.StatusCode, fast.StatusCode));
        Assert.Contains("MaxOpenJobs", (await JobsApi.ProblemAsync(open)).Detail, StringComparison.Ordinal);
        Assert.Contains("MaxSubmissionsPerMinute", (await JobsApi.ProblemAsync(fast)).Detail, StringComparison.Ordinal);
        Assert.DoesNotMatch("^job-u", job.Id);
    }
}
