using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Process;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>The arithmetic of what nodes measure, on a clock of its own.</summary>
public sealed class RunMeterTests
{
    private const string Queue = "chunks";
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly Nodes _nodes;

    public RunMeterTests() => _nodes = new Nodes(_time);

    [Fact]
    public void Take_ARun_TellsModelBalancingAndWaitsApart()
    {
        _time.Advance(Seconds(5));
        using var meter = Enter(enqueuedAt: 2);
        _time.Advance(Seconds(1));
        Compute(meter, items: 50, seconds: 10);
        _time.Advance(Seconds(0.5));

        var timing = meter.Take()!;

        Assert.Equal((_nodes.Instance, 0, 1, 50), (timing.Instance, timing.Slot, timing.Runs, timing.Attempts));
        Assert.Equal((Seconds(10), Seconds(1.5), Seconds(3), Seconds(3)), (timing.Task, timing.Balance, timing.Idle, timing.Wait));
        Assert.Equal((Start.AddSeconds(5).ToUnixTimeMilliseconds(), Start.AddSeconds(16.5).ToUnixTimeMilliseconds()), (timing.ReceivedAt, timing.AnsweredAt));
    }

    [Fact]
    public void Take_ModelNeverRun_MeasuresNothing()
    {
        using var meter = Enter();
        _time.Advance(Seconds(1));

        Assert.Null(meter.Take());
    }

    [Theory]
    [InlineData(1, 4)] // The message was there before: the node was the one to wait since it was free.
    [InlineData(12, 3)] // The node was free before: it had nothing to wait for until the message came.
    public void Take_NodeThatRanBefore_WaitsSinceItIsFreeAndTheMessageIsThere(double enqueuedAt, double idle)
    {
        Run(seconds: 11);
        _time.Advance(Seconds(4));

        using var meter = Enter(enqueuedAt);
        Compute(meter, 1, 1);

        Assert.Equal(Seconds(idle), meter.Take()!.Idle);
    }

    [Fact]
    public void Take_SecondRunOfTheJob_HasTheEndOfTheFirst()
    {
        var first = Enter();
        Compute(first, 1, 1);
        first.Take();
        _time.Advance(Seconds(0.25));
        first.Dispose();

        using var second = Enter();
        Compute(second, 1, 1);
        var timing = second.Take()!;

        Assert.Equal((1, Seconds(0.25), 1, Seconds(0)), (timing.Tails, timing.Tail, timing.Runs, timing.Balance));
    }

    [Fact]
    public void Take_RunOfAnotherJob_HasNothingOfTheFirst()
    {
        var first = Enter();
        Compute(first, 1, 1);
        first.Take();
        _time.Advance(Seconds(0.25));
        first.Dispose();

        using var second = Enter(job: "job-2");
        Compute(second, 1, 1);

        Assert.Equal((0, TimeSpan.Zero), (second.Take()!.Tails, TimeSpan.Zero));
    }

    [Fact]
    public void Take_RunBeforeHadNothingToAnswer_CountsBoth()
    {
        Run(seconds: 3, items: 7);

        using var meter = Enter();
        Compute(meter, 2, 1);
        var timing = meter.Take()!;

        Assert.Equal((2, 9, Seconds(4)), (timing.Runs, timing.Attempts, timing.Task));
    }

    [Fact]
    public void Take_RunBeforeWasOfAnEarlierEpoch_HasNothingOfIt()
    {
        Run(seconds: 3, items: 7);
        _time.Advance(TimeSpan.FromDays(3));

        using var meter = Enter();
        meter.Epoch = 1;
        Compute(meter, 2, 1);
        var timing = meter.Take()!;

        Assert.Equal((1, 2, Start.AddSeconds(3).AddDays(3).ToUnixTimeMilliseconds()), (timing.Runs, timing.Attempts, timing.ReceivedAt));
    }

    [Fact]
    public void Take_SecondAnswerOfARun_HasWhatCameSince()
    {
        using var meter = Enter();
        Compute(meter, 3, 1);
        meter.Take();
        _time.Advance(Seconds(30));
        Compute(meter, 1, 2);

        var timing = meter.Take()!;

        Assert.Equal((0, 1, Seconds(2), Seconds(30), TimeSpan.Zero), (timing.Runs, timing.Attempts, timing.Task, timing.Balance, timing.Wait));
    }

    [Fact]
    public void Take_CallsThatWaitForTheLimits_CountAsBalancingWhileNoneIsMade()
    {
        using var meter = Enter();
        using (meter.Compute(items: 2))
        {
            using var first = RunMeter.BeginCall()!;
            using var second = RunMeter.BeginCall()!;
            _time.Advance(Seconds(4)); // Both wait.
            first.Made();
            _time.Advance(Seconds(3)); // One is made, one waits: the model is at work.
            second.Made();
            _time.Advance(Seconds(2));
            second.Refused();
        }

        var timing = meter.Take()!;

        Assert.Equal((Seconds(5), Seconds(4), 1), (timing.Task, timing.Balance, timing.Throttled));
    }

    [Fact]
    public void BeginCall_OutsideOfARun_MeasuresNothing()
    {
        Assert.Null(RunMeter.BeginCall());
        Run(seconds: 1);
        Assert.Null(RunMeter.BeginCall());
    }

    [Fact]
    public void Enter_SeveralAtOnce_TakesThePlaceThatWasFreedLastOrANewOne()
    {
        var meters = Enumerable.Range(0, 3).Select(_ => Enter()).ToList();
        meters[1].Dispose();
        meters[2].Dispose();
        using var again = Enter();
        using var other = _nodes.Enter("chunks-ordered", Message(0));

        Assert.Equal([0, 1, 2, 2, 0], meters.Append(again).Append(other).Select(SlotOf));
    }

    [Fact]
    public void Enter_MessageFromAClockThatIsAhead_HasWaitedForNothing()
    {
        using var meter = Enter(enqueuedAt: 100);
        Compute(meter, 1, 1);
        var timing = meter.Take()!;

        Assert.Equal((TimeSpan.Zero, TimeSpan.Zero), (timing.Wait, timing.Idle));
    }

    private int SlotOf(RunMeter meter)
    {
        Compute(meter, 1, 0);
        return meter.Take()!.Slot;
    }

    private void Run(double seconds, int items = 1)
    {
        using var meter = Enter();
        Compute(meter, items, seconds);
    }

    private void Compute(RunMeter meter, int items, double seconds)
    {
        using (meter.Compute(items))
        {
            _time.Advance(Seconds(seconds));
        }
    }

    private RunMeter Enter(double enqueuedAt = 0, string job = "job-1")
    {
        var meter = _nodes.Enter(Queue, Message(enqueuedAt));
        meter.Job = job;
        return meter;
    }

    private static ServiceBusReceivedMessage Message(double enqueuedAt) =>
        ServiceBusModelFactory.ServiceBusReceivedMessage(enqueuedTime: Start.AddSeconds(enqueuedAt));

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
