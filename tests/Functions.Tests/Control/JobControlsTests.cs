using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Control;

public sealed class JobControlsTests(StorageEmulator storage) : FlowTest(storage)
{
    private JobControls Controls => field ??= new JobControls(Bench.Blobs, Bench.Time);

    [Fact]
    public async Task Get_NobodyHasInterfered_RunsInTheFirstEpoch() =>
        Assert.Equal(JobControl.Initial, await Controls.GetAsync(Job, Token));

    [Fact]
    public async Task Get_OfAJobThatBeganHere_IsReadOnceThatIsTooOld()
    {
        var changed = await new JobControls(Bench.Blobs, Bench.Time).ChangeAsync(Job, control => control.Pause(), Token);
        Controls.Begin(Job);

        var before = await Controls.GetAsync(Job, Token);
        Bench.Time.Advance(JobControls.MaxAge);
        var after = await Controls.GetAsync(Job, Token);

        Assert.Equal((JobControl.Initial, changed), (before, after));
    }

    [Fact]
    public async Task Get_AfterAChangeByAnotherInstance_SeesItOnceWhatItHasReadIsTooOld()
    {
        await Controls.GetAsync(Job, Token);
        var changed = await new JobControls(Bench.Blobs, Bench.Time).ChangeAsync(Job, control => control.Pause(), Token);

        var before = await Controls.GetAsync(Job, Token);
        Bench.Time.Advance(JobControls.MaxAge);
        var after = await Controls.GetAsync(Job, Token);

        Assert.Equal((JobControl.Initial, changed), (before, after));
    }

    [Fact]
    public async Task Get_ForALaterEpochThanWasRead_ReadsAgain()
    {
        await Controls.ChangeAsync(Job, control => control.Pause(), Token);
        await Controls.GetAsync(Job, Token);
        var resumed = await new JobControls(Bench.Blobs, Bench.Time).ChangeAsync(Job, control => control.Resume(), Token);

        var old = await Controls.GetAsync(Job, epoch: 0, Token);
        var current = await Controls.GetAsync(Job, epoch: 1, Token);

        Assert.Equal((ControlState.Paused, resumed), (old.State, current));
    }

    [Fact]
    public async Task Change_ByItself_IsSeenAtOnce()
    {
        await Controls.GetAsync(Job, Token);

        var changed = await Controls.ChangeAsync(Job, control => control.Pause(), Token);

        Assert.Equal(changed, await Controls.GetAsync(Job, Token));
    }

    [Fact]
    public async Task Change_ManyAtOnce_EachSeesTheOneBefore()
    {
        var others = Enumerable.Range(0, 8).Select(_ => new JobControls(Bench.Blobs, Bench.Time));

        await Task.WhenAll(others.Select(other => other.ChangeAsync(Job, control => control.Reopen(), Token)));

        Assert.Equal(new JobControl(8, 8, ControlState.Running), await Controls.ReadAsync(Job, Token));
    }

    [Fact]
    public async Task Change_NothingToChange_WritesNothing()
    {
        var control = await Controls.ChangeAsync(Job, control => control.Resume(), Token);

        Assert.Equal(JobControl.Initial, control);
        Assert.Empty(await Bench.ListAsync(JobBlobs.Control(Job)));
    }

    [Fact]
    public async Task Get_BlobIsDamaged_ThrowsAndReadsAgainTheNextTime()
    {
        await Bench.StoreAsync(JobBlobs.Control(Job), "null"u8.ToArray());
        await Assert.ThrowsAsync<InvalidDataException>(async () => await Controls.GetAsync(Job, Token));
        await Bench.Blobs.Blob(JobBlobs.Control(Job)).DeleteIfExistsAsync(cancellationToken: Token);

        Assert.Equal(JobControl.Initial, await Controls.GetAsync(Job, Token));
    }

    [Fact]
    public void Changes_OfEachState_AreThoseThatMakeSense()
    {
        var reason = new JobError(JobControl.Canceled, "By a person.");
        var paused = JobControl.Initial.Pause()!;
        var stopped = paused.Stop(reason)!;

        Assert.Equal((1, 0, ControlState.Paused), (paused.Version, paused.Epoch, paused.State));
        Assert.Equal(new JobControl(2, 1, ControlState.Running), paused.Resume());
        Assert.Equal(new JobControl(2, 0, ControlState.Stopped, reason), stopped);
        Assert.Equal(new JobControl(3, 1, ControlState.Running), stopped.Reopen());
        Assert.Equal(new JobControl(1, 1, ControlState.Running), JobControl.Initial.SendAgain(epoch: 0));
        Assert.All(
            [paused.Pause(), stopped.Pause(), stopped.Resume(), stopped.Stop(reason), JobControl.Initial.Resume(), JobControl.Initial.SendAgain(epoch: 1), paused.SendAgain(epoch: 0)],
            Assert.Null);
    }

    [Fact]
    public async Task Watch_JobIsStoppedWhileItemsAreRun_TellsAllRuns()
    {
        using var watch = new RunWatch(Controls, Bench.Time);
        using var first = watch.Enter(Job, epoch: 0);
        using var second = watch.Enter(Job, epoch: 0);
        using var other = watch.Enter(Job + "-other", epoch: 0);
        await new JobControls(Bench.Blobs, Bench.Time).ChangeAsync(Job, control => control.Stop(new JobError("canceled", "")), Token);

        Bench.Time.Advance(JobControls.MaxAge);

        await first.Stopped.CanceledAsync();
        Assert.True(second.Stopped.IsCancellationRequested);
        Assert.False(other.Stopped.IsCancellationRequested);
    }

    [Fact]
    public async Task Watch_JobThatWasStoppedRunsAgain_TellsNoNewRun()
    {
        using var watch = new RunWatch(Controls, Bench.Time);
        var run = watch.Enter(Job, epoch: 0);
        await Controls.ChangeAsync(Job, control => control.Stop(new JobError("canceled", "")), Token);
        Bench.Time.Advance(JobControls.MaxAge);
        await run.Stopped.CanceledAsync();
        run.Dispose();
        await Controls.ChangeAsync(Job, control => control.Reopen(), Token);

        using var again = watch.Enter(Job, epoch: 1);

        Assert.False(again.Stopped.IsCancellationRequested);
    }
}
