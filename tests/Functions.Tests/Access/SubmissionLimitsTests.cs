using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Access;

/// <summary>How many jobs one caller may have and make. Budget: 1 second.</summary>
public sealed class SubmissionLimitsTests : IAsyncDisposable
{
    private static readonly Caller Alice = Caller.Of(new Principal(Guid.AllBitsSet, new Guid(1, 0, 0, new byte[8]), []));
    private static readonly Caller Bob = Caller.Of(new Principal(Guid.AllBitsSet, new Guid(2, 0, 0, new byte[8]), []));

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly FakeDurableClient _durable = new();
    private int _counts;

    public SubmissionLimitsTests() => _durable.Listing = token => _counts += token is null ? 1 : 0;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void CountSubmission_TooMany_AreRefusedUntilThereIsRoomAgain()
    {
        var limits = new SubmissionLimits(new JobSettings { MaxSubmissionsPerMinute = 6 }, _time);
        for (var i = 0; i < 6; i++)
        {
            limits.CountSubmission(Alice);
        }

        var refusal = Assert.Throws<ProblemException>(() => limits.CountSubmission(Alice));
        Assert.Equal((429, "/problems/too-many-jobs", TimeSpan.FromSeconds(10)), (refusal.Problem.Status, refusal.Problem.Type, refusal.RetryAfter));
        limits.CountSubmission(Bob);
        _time.Advance(TimeSpan.FromSeconds(10));
        limits.CountSubmission(Alice);
        Assert.Throws<ProblemException>(() => limits.CountSubmission(Alice));
    }

    [Fact]
    public async Task TakePlace_JobsOfBefore_Count()
    {
        var limits = new SubmissionLimits(new JobSettings { MaxOpenJobs = 3 }, _time);
        Add(Alice, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended, OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed);
        Add(Bob, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running);

        using var place = await limits.TakePlaceAsync(_durable, Alice, Token);

        var refusal = await Assert.ThrowsAsync<ProblemException>(async () => await limits.TakePlaceAsync(_durable, Alice, Token));
        Assert.Equal((429, SubmissionLimits.RetryAfter), (refusal.Problem.Status, refusal.RetryAfter));
        await Assert.ThrowsAsync<ProblemException>(async () => await limits.TakePlaceAsync(_durable, Bob, Token));
    }

    [Fact]
    public async Task TakePlace_ByKey_AllCallersAreOne()
    {
        var limits = new SubmissionLimits(new JobSettings { MaxOpenJobs = 2 }, _time);
        Add(Caller.Everybody, OrchestrationRuntimeStatus.Running);
        Add(Alice, OrchestrationRuntimeStatus.Running);

        await Assert.ThrowsAsync<ProblemException>(async () => await limits.TakePlaceAsync(_durable, Caller.Everybody, Token));
    }

    [Fact]
    public async Task TakePlace_OfASubmissionThatIsUnderWay_IsTaken()
    {
        var limits = new SubmissionLimits(new JobSettings { MaxOpenJobs = 1 }, _time);
        var place = await limits.TakePlaceAsync(_durable, Alice, Token);
        _time.Advance(TimeSpan.FromMinutes(1));

        await Assert.ThrowsAsync<ProblemException>(async () => await limits.TakePlaceAsync(_durable, Alice, Token));

        // It came to nothing, and needs no count to say so.
        place.Dispose();
        place.Dispose();
        (await limits.TakePlaceAsync(_durable, Alice, Token)).Dispose();
    }

    [Fact]
    public async Task TakePlace_OfAJobThatWasStarted_IsTakenUntilTheNextCount()
    {
        var limits = new SubmissionLimits(new JobSettings { MaxOpenJobs = 1 }, _time);
        var place = await limits.TakePlaceAsync(_durable, Alice, Token);
        place.Keep();
        place.Dispose();

        await Assert.ThrowsAsync<ProblemException>(async () => await limits.TakePlaceAsync(_durable, Alice, Token));
        _time.Advance(SubmissionLimits.RefusingCountAge);

        // A count finds no job: it has ended.
        (await limits.TakePlaceAsync(_durable, Alice, Token)).Dispose();
    }

    [Fact]
    public async Task TakePlace_JobHasEnded_IsFreeAtTheNextCount()
    {
        var limits = new SubmissionLimits(new JobSettings { MaxOpenJobs = 1 }, _time);
        var id = Assert.Single(Add(Alice, OrchestrationRuntimeStatus.Running));
        await Assert.ThrowsAsync<ProblemException>(async () => await limits.TakePlaceAsync(_durable, Alice, Token));
        _durable.Set(id, OrchestrationRuntimeStatus.Completed);

        await Assert.ThrowsAsync<ProblemException>(async () => await limits.TakePlaceAsync(_durable, Alice, Token));
        _time.Advance(SubmissionLimits.RefusingCountAge);

        (await limits.TakePlaceAsync(_durable, Alice, Token)).Dispose();
        Assert.Equal(2, _counts);
    }

    [Fact]
    public async Task TakePlace_FarFromTheLimit_CountsOnceInAWhile()
    {
        var limits = new SubmissionLimits(new JobSettings { MaxOpenJobs = 100 }, _time);

        for (var second = 0; second < 30; second++)
        {
            (await limits.TakePlaceAsync(_durable, Alice, Token)).Dispose();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, _counts);
    }

    [Fact]
    public async Task TakePlace_JobsOfAnotherInstance_AreSeenAtTheNextCount()
    {
        var limits = new SubmissionLimits(new JobSettings { MaxOpenJobs = 2 }, _time);
        (await limits.TakePlaceAsync(_durable, Alice, Token)).Dispose();
        Add(Alice, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Running);
        _time.Advance(SubmissionLimits.CountAge);

        await Assert.ThrowsAsync<ProblemException>(async () => await limits.TakePlaceAsync(_durable, Alice, Token));
    }

    [Fact]
    public async Task TakePlace_CountIsSlow_OnlyTheFirstSubmissionWaits()
    {
        var limits = new SubmissionLimits(new JobSettings { MaxOpenJobs = 10 }, _time);
        (await limits.TakePlaceAsync(_durable, Alice, Token)).Dispose();
        _time.Advance(SubmissionLimits.CountAge);
        _durable.Listing = _ => throw new TimeoutException("The back end is slow.");

        (await limits.TakePlaceAsync(_durable, Alice, Token)).Dispose();
    }

    public ValueTask DisposeAsync() => _durable.DisposeAsync();

    private List<string> Add(Caller caller, params OrchestrationRuntimeStatus[] statuses)
    {
        List<string> ids = [.. statuses.Select(_ => JobId.Create(_time, caller.Tag))];
        foreach (var (id, status) in ids.Zip(statuses))
        {
            _durable.Set(id, status);
        }

        return ids;
    }
}
