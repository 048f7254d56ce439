using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Purge;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Status;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Purge;

public sealed class HousekeepingTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly DateTimeOffset Start = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeDurableClient _durable = new();
    private readonly RecordingLogger<OrphanedFolders> _folderLog = new();
    private readonly RecordingLogger<OrphanedMessages> _messageLog = new();
    private FakeTimeProvider _time = new(Start);

    [Theory]
    [InlineData(29, null, false)]
    [InlineData(30, null, true)]
    [InlineData(2, 2, true)]
    [InlineData(30, 40, false)]
    public async Task Run_EndedJob_IsDeletedOnceItsRetentionIsOver(int days, int? retention, bool isDeleted)
    {
        var job = AddJob(OrchestrationRuntimeStatus.Completed, retention);
        _time.Advance(TimeSpan.FromDays(days));

        await RunAsync();

        string[] expected = isDeleted ? [PurgeOrchestrator.InstanceId(job)] : [];
        Assert.Equal(expected, _durable.Started);
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Failed, true)]
    [InlineData(OrchestrationRuntimeStatus.Terminated, true)]
    [InlineData(OrchestrationRuntimeStatus.Running, false)]
    [InlineData(OrchestrationRuntimeStatus.Pending, false)]
    [InlineData(OrchestrationRuntimeStatus.Suspended, false)]
    public async Task Run_OldJob_IsDeletedUnlessItRuns(OrchestrationRuntimeStatus status, bool isDeleted)
    {
        AddJob(status);
        _time.Advance(TimeSpan.FromDays(1000));

        await RunAsync();

        Assert.Equal(isDeleted ? 1 : 0, _durable.Started.Count);
    }

    [Fact]
    public async Task Run_MoreExpiredJobsThanOneRunDeletes_GoesOnTheNextTime()
    {
        _durable.ListPage = 50;
        for (var i = 0; i < ExpiredJobs.MaxPurges + 60; i++)
        {
            AddJob(OrchestrationRuntimeStatus.Completed);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _time.Advance(TimeSpan.FromDays(31));

        await RunAsync();
        var first = _durable.Started.ToHashSet();
        await RunAsync();

        // Their jobs are still there, since nothing runs here; the second run would begin with them if it began anew.
        Assert.Equal(ExpiredJobs.MaxPurges, first.Count);
        Assert.Equal(60, _durable.Started.Skip(first.Count).Count(purge => !first.Contains(purge)));
        await RunAsync();
        Assert.Equal(260, _durable.Started.Count);
    }

    [Fact]
    public async Task Run_ContinuationIsRefused_BeginsAnew()
    {
        AddJob(OrchestrationRuntimeStatus.Completed);
        _time.Advance(TimeSpan.FromDays(31));
        await new HousekeepingCursor(Jobs: "~").WriteAsync(Bench.Blobs, Token);
        _durable.Listing = token => Assert.True(token != "~", "No such continuation.");

        await RunAsync();
        Assert.Empty(_durable.Started);
        await RunAsync();

        Assert.Single(_durable.Started);
    }

    [Fact]
    public async Task Run_SubmissionDied_IsDeletedAfterADay()
    {
        var job = await AddFolderAsync(JobBlobs.Input("", "1"), JobBlobs.Manifest(""));

        _time.Advance(TimeSpan.FromHours(23));
        await RunAsync();
        var early = _durable.Started.Count;
        _time.Advance(TimeSpan.FromHours(2));
        await RunAsync();

        Assert.Equal((0, PurgeOrchestrator.InstanceId(job)), (early, Assert.Single(_durable.Started)));
        Assert.Contains(_folderLog.Messages, message => message.Contains("accepted and never begun", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_SubmissionUnderAnOldId_IsNotDeletedWhileItMayGoOn()
    {
        // The call that made the idempotency key died long ago; another uses its id now.
        var job = await AddFolderAsync(age: TimeSpan.FromDays(9), JobBlobs.Input("", "1"));

        await RunAsync();
        var early = _durable.Started.Count;
        _time.Advance(TimeSpan.FromHours(25));
        await RunAsync();

        Assert.Equal((0, PurgeOrchestrator.InstanceId(job)), (early, Assert.Single(_durable.Started)));
    }

    [Fact]
    public async Task Run_JobThatWasRunHasNoOrchestration_IsKeptAsLongAsAJob()
    {
        // Another task hub has it, for all that is known here.
        await AddFolderAsync(JobBlobs.Manifest(""), JobBlobs.Plan(""));

        _time.Advance(TimeSpan.FromDays(29));
        await RunAsync();
        var early = _durable.Started.Count;
        _time.Advance(TimeSpan.FromDays(2));
        await RunAsync();

        Assert.Equal((0, 1), (early, _durable.Started.Count));
        Assert.Contains(_folderLog.Messages, message => message.Contains("its blobs are kept until", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_FolderOfAJobThatRuns_IsKept()
    {
        var job = await AddFolderAsync(JobBlobs.Manifest(""));
        _durable.Set(job, OrchestrationRuntimeStatus.Running);
        _time.Advance(TimeSpan.FromDays(1000));

        await RunAsync();

        Assert.Empty(_durable.Started);
    }

    [Fact]
    public async Task Run_OtherBlobs_AreLeftAlone()
    {
        await Bench.StoreAsync("keys/0123", "x"u8.ToArray());
        await Bench.StoreAsync("job-other/x", "x"u8.ToArray());

        await RunAsync();

        Assert.Equal(["housekeeping.json", "job-other/x", "keys/0123"], await Bench.ListAsync(""));
        Assert.Empty(_durable.Started);
    }

    [Fact]
    public async Task Run_PurgesThatHaveEnded_AreForgottenAfterAnHour()
    {
        string Purge(int n, OrchestrationRuntimeStatus status, TimeSpan age)
        {
            var id = PurgeOrchestrator.InstanceId($"job-{n}");
            _durable.Set(id, status, _time.GetUtcNow() - age);
            return id;
        }

        string[] old = [Purge(0, OrchestrationRuntimeStatus.Completed, TimeSpan.FromHours(1)), Purge(1, OrchestrationRuntimeStatus.Failed, TimeSpan.FromHours(2))];
        Purge(2, OrchestrationRuntimeStatus.Completed, TimeSpan.FromMinutes(59));
        Purge(3, OrchestrationRuntimeStatus.Running, TimeSpan.FromDays(1));

        await RunAsync();

        Assert.Equal(old, _durable.Purged);
    }

    [Fact]
    public async Task Run_ParkedMessagesOfNoJob_AreReportedAndStay()
    {
        _durable.Set(StatusBench.Run, OrchestrationRuntimeStatus.Running);
        await Bench.SendAsync(Queues.Parked, new ServiceBusMessage("its") { SessionId = Job, MessageId = "1" });
        await Bench.SendAsync(Queues.Parked, new ServiceBusMessage("whose") { SessionId = "unknown", MessageId = "2" });
        await Bench.SendAsync(Queues.Parked, new ServiceBusMessage("whose") { SessionId = "job-ffffffffffffffffffffffffffffffff", MessageId = "3" });

        await RunAsync();

        Assert.Equal(["1", "2", "3"], await Bench.PeekIdsAsync(Queues.Parked));
        Assert.Equal(2, _messageLog.Messages.Count(message => message.Contains("is no job's", StringComparison.Ordinal)));
    }

    [Fact]
    public void CreatedAt_Id_IsWhenItWasMade()
    {
        Assert.Equal(Start, JobId.CreatedAt(JobId.Create(_time)));
        Assert.Equal(Start, JobId.CreatedAt(JobId.Create(_time, new string('f', JobId.OwnerDigits))));
        Assert.InRange(JobId.CreatedAt("job-ffffffffffffffffffffffffffffffff"), DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
    }

    private string AddJob(OrchestrationRuntimeStatus status, int? retentionDays = null)
    {
        var id = JobId.Create(_time);
        var job = StatusBench.Run.Job with
        {
            Id = id,
            Options = StatusBench.Run.Job.Options with { Retention = retentionDays is { } days ? TimeSpan.FromDays(days) : null },
        };
        _durable.Set(StatusBench.Run with { Job = job }, status, lastUpdatedAt: _time.GetUtcNow());
        return id;
    }

    private Task<string> AddFolderAsync(params string[] blobs) => AddFolderAsync(age: TimeSpan.Zero, blobs);

    /// <summary>Stores blobs of a job. Their time is the emulator's, so from here on the clock goes with it.</summary>
    private async Task<string> AddFolderAsync(TimeSpan age, params string[] blobs)
    {
        await Bench.StoreAsync("now", "x"u8.ToArray());
        var now = (await Bench.Blobs.Blob("now").GetPropertiesAsync(cancellationToken: Token)).Value.LastModified;
        var id = JobId.Create(new FakeTimeProvider(now - age));
        foreach (var blob in blobs)
        {
            await Bench.StoreAsync(id + blob, "x"u8.ToArray());
        }

        _time = new FakeTimeProvider(now);
        return id;
    }

    private Task RunAsync() => new Housekeeping(
        Bench.Blobs,
        new ExpiredJobs(Bench.Settings, _time, new RecordingLogger<ExpiredJobs>()),
        new OrphanedFolders(Bench.Blobs, Bench.Settings, _time, _folderLog),
        new OrphanedMessages(Bench.Client, _messageLog),
        new BalanceEntries(Bench.Blobs, _time)).Run(new TimerInfo(), _durable, Token).BoundedAsync();
}
