using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Faults;

namespace ModelJobs.LocalRuntime.Tests.Faults;

public sealed class FaultInjectorTests
{
    private const int Operations = 2000;

    [Fact]
    public void Strikes_InAnyOrderOfThreads_StrikesTheSame()
    {
        var forwards = Struck(Create("7:settles"), Enumerable.Range(0, Operations));
        var backwards = Struck(Create("7:settles"), Enumerable.Range(0, Operations).Reverse());

        Assert.Equal(forwards, backwards);
        Assert.NotEqual(forwards, Struck(Create("8:settles"), Enumerable.Range(0, Operations)));
    }

    [Fact]
    public void Strikes_NamesThatAreNewInEachRun_StrikesTheSame()
    {
        var (one, other) = (Create("7:settles"), Create("7:settles"));

        for (var i = 0; i < Operations; i++)
        {
            Assert.Equal(
                one.Strikes(FaultKind.SettleLost, $"chunks/job-{Guid.CreateVersion7():N}/0/{i}~{i:x16}#1"),
                other.Strikes(FaultKind.SettleLost, $"chunks/job-{Guid.CreateVersion7():N}/0/{i}~{i + 1:x16}#1"));
        }

        Assert.Equal(one.Count, other.Count);
    }

    [Fact]
    public void Strikes_OverManyOperations_StrikesAsOftenAsTheProfileSays()
    {
        var faults = Create("7:settles");

        var share = Struck(faults, Enumerable.Range(0, Operations)).Count / (double)Operations;

        Assert.InRange(share, 0.02, 0.06);
        Assert.DoesNotContain(true, Enumerable.Range(0, Operations).Select(i => faults.Strikes(FaultKind.BlobReset, $"blob {i}")));
    }

    [Fact]
    public void TryCrash_AtItsPassing_CrashesOnceAndNothingGoesOn()
    {
        var crash = new CountedCrash();
        var faults = Create("7:calm:settle.after:3", crash);

        for (var i = 0; i < 5; i++)
        {
            faults.TryCrash(CrashPoint.SettleBefore);
            Assert.Equal(i > 2, faults.IsDead);
            faults.TryCrash(CrashPoint.SettleAfter);
        }

        Assert.Equal(1, crash.Crashes);
        Assert.False(faults.WhileAliveAsync().AsTask().IsCompleted);
    }

    private static HashSet<int> Struck(FaultInjector faults, IEnumerable<int> operations) =>
        [.. operations.Where(i => faults.Strikes(FaultKind.SettleLost, $"operation {i}"))];

    private static FaultInjector Create(string plan, ICrash? crash = null) => new(
        FaultPlan.Parse(plan), crash ?? new CountedCrash(), new FakeTimeProvider(), NullLogger<FaultInjector>.Instance);

    private sealed class CountedCrash : ICrash
    {
        public int Crashes { get; private set; }

        public void Crash(CrashPoint point) => Crashes++;
    }
}
