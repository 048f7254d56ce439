using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Status;

namespace ModelJobs.Functions.Tests.Status;

/// <summary>Nodes on an ideal clock: what they measure, and what is made of it.</summary>
public sealed class CapacityReadingTests
{
    private const int ItemsPerRun = 50;
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(10, 10, 5, 2, 5.88)] // The example of docs/capacity.md.
    [InlineData(4, 1, 0, 0.01, 3.96)]
    [InlineData(16, 0.25, 0.1, 0.02, 10.81)]
    public void Of_NodesThatAreNeverWithoutWork_PredictsWhatIsObserved(int nodes, double task, double queue, double balance, double parallelism)
    {
        var capacity = CapacityReading.Of(Simulate(nodes, task, queue, balance, runs: nodes * 50), mostAtOnce: null)!;

        Assert.Equal(nodes, capacity.Nodes);
        Assert.Equal((task, queue, balance), (capacity.TaskSeconds, capacity.QueueSeconds, capacity.BalanceSeconds));
        Assert.Equal(parallelism, capacity.Parallelism, 0.01);
        Assert.Equal(capacity.Parallelism, capacity.ParallelismObserved!.Value, capacity.Parallelism * 0.03);
        Assert.Equal(capacity.EventsPerSecond, capacity.EventsPerSecondObserved!.Value, capacity.EventsPerSecond * 0.03);
    }

    [Theory]
    [InlineData(10, 10, 5, 2)]
    [InlineData(4, 1, 0, 0.01)]
    [InlineData(16, 0.25, 0.1, 0.02)]
    public void TimeLeft_AtAFifthOfTheJob_IsTheTimeThatTheRestTakes(int nodes, double task, double queue, double balance)
    {
        const int Cycles = 100;
        var whole = Simulate(nodes, task, queue, balance, runs: nodes * Cycles);
        var fifth = Simulate(nodes, task, queue, balance, runs: nodes * Cycles / 5);

        var left = TimeLeft(fifth, whole.Items - fifth.Items)!.Value;

        var actual = (whole.AnsweredAt - fifth.AnsweredAt) / 1000.0;
        Assert.InRange(left.TotalSeconds, actual * 0.95, actual * 1.05);
    }

    [Fact]
    public void TimeLeft_NodesThatServeAnotherJobHalfOfTheTime_TakesTwiceAsLong()
    {
        var alone = Simulate(8, 1, 0, 0, runs: 400);
        // Of each node's cycles every other one is of another job: as many runs in twice the time.
        var shared = alone with { AnsweredAt = alone.ReceivedAt + (2 * (alone.AnsweredAt - alone.ReceivedAt)) };

        var left = TimeLeft(alone, 10_000)!.Value;

        Assert.Equal(2 * left.TotalSeconds, TimeLeft(shared, 10_000)!.Value.TotalSeconds, left.TotalSeconds * 0.03);
    }

    [Fact]
    public void TimeLeft_NodesThatHaveNotGoneRoundTwice_IsNotKnown()
    {
        Assert.Null(TimeLeft(Simulate(8, 1, 0, 0, runs: 15), 100));
        Assert.NotNull(TimeLeft(Simulate(8, 1, 0, 0, runs: 16), 100));
        Assert.Null(TimeLeft(RunSums.None, 100));
    }

    [Fact]
    public void TimeLeft_FewOfAHundredMillionChunksInDays_IsNotKnown()
    {
        var sums = RunSums.Of(new RunTiming { Instance = "i", Runs = 2, Task = TimeSpan.FromSeconds(1), ReceivedAt = 1, AnsweredAt = 259_200_001 }, items: 2);

        Assert.Null(TimeLeft(sums, openItems: JobLimits.MaxItems));
    }

    [Theory]
    [InlineData(3, 97)] // What has been done since the last answer that is counted is not seen yet.
    [InlineData(3600, 94)] // A job that stands still has not come nearer to its end.
    [InlineData(-10, 100)] // The clock of the node is ahead.
    public void TimeLeft_SomeTimeAfterTheLastAnswer_IsShorterByThat(double age, double left) =>
        Assert.Equal(left, TimeLeft(Simulate(8, 1, 0, 0, runs: 80), openItems: 100 * 8 * ItemsPerRun, age)!.Value.TotalSeconds, 0.001);

    [Fact]
    public void TimeLeft_NearTheEnd_IsNeverLessThanHalf() =>
        Assert.Equal(1, TimeLeft(Simulate(8, 1, 0, 0, runs: 80), openItems: 2 * 8 * ItemsPerRun, age: 4)!.Value.TotalSeconds, 0.001);

    [Fact]
    public void Of_JobWithAConcurrencyOfItsOwn_HasNoMoreNodesThanThat()
    {
        Assert.Equal(3, CapacityReading.Of(Simulate(8, 1, 0, 0, runs: 16), mostAtOnce: 3)!.Nodes);
        Assert.Null(CapacityReading.Of(RunSums.None, null));
    }

    private static TimeSpan? TimeLeft(RunSums sums, long openItems, double age = 0) =>
        CapacityReading.TimeLeft(sums, mostAtOnce: null, openItems, DateTimeOffset.FromUnixTimeMilliseconds(sums.AnsweredAt).AddSeconds(age));

    /// <summary>What nodes measure that go round and round, each beginning a part of a cycle after the one before.</summary>
    private static RunSums Simulate(int nodes, double task, double queue, double balance, int runs)
    {
        var (sums, cycle) = (RunSums.None, task + queue + balance);
        for (var run = 0; run < runs; run++)
        {
            var received = Start.AddSeconds(queue + ((run / nodes) * cycle) + (run % nodes * cycle / nodes));
            sums += RunSums.Of(
                new RunTiming
                {
                    Instance = "instance",
                    Slot = run % nodes,
                    Runs = 1,
                    Task = TimeSpan.FromSeconds(task),
                    Idle = TimeSpan.FromSeconds(queue),
                    Balance = TimeSpan.FromSeconds(balance),
                    ReceivedAt = received.ToUnixTimeMilliseconds(),
                    AnsweredAt = received.AddSeconds(task + balance).ToUnixTimeMilliseconds(),
                },
                ItemsPerRun);
        }

        return sums;
    }
}
