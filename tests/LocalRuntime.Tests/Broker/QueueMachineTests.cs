using Azure.Messaging.ServiceBus;
using CsCheck;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

public sealed class QueueMachineTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Replay_OfTheChangesOfAnyHistory_GivesTheSameQueue(bool sessions)
        => Gen.Int.Sample(
            seed =>
            {
                var changes = new List<QueueChange>();
                var definition = QueueView.Definition(sessions);
                var original = new QueueMachine(definition, new Random(seed), changes.Add);
                var history = new RandomHistory(original, new Random(seed), Start);
                history.Run(steps: 200);

                var replayed = new QueueMachine(definition, new Random(seed + 1));
                changes.ForEach(replayed.Replay);

                Assert.Equal(QueueView.Describe(original), QueueView.Describe(replayed));
                Assert.Equal(QueueView.Drain(original, history.Now), QueueView.Drain(replayed, history.Now));
            },
            iter: 100);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Messages_AfterAnyHistory_AreAllInOneStateOrWereCompleted(bool sessions)
        => Gen.Int.Sample(
            seed =>
            {
                var machine = new QueueMachine(QueueView.Definition(sessions), new Random(seed));
                var history = new RandomHistory(machine, new Random(seed), Start);
                history.Run(steps: 200);

                var counts = machine.Counts;
                Assert.Equal(history.Sent - history.Completed, counts.Active + counts.Scheduled + counts.Deferred + counts.DeadLetter);
            },
            iter: 100);

    [Fact]
    public void Apply_OfAChangeOfAnotherQueue_IsRefused()
    {
        var machine = new QueueMachine(QueueView.Definition(sessions: false), new Random(1));

        Assert.Throws<InvalidOperationException>(() => machine.Replay(new MessageRemoved(new MessagePlace(1, SubQueue.None))));
    }

    [Fact]
    public void Tokens_FromTheSameSeed_AreTheSame()
    {
        Assert.Equal(TokenOf(seed: 7), TokenOf(seed: 7));
        Assert.NotEqual(TokenOf(seed: 7), TokenOf(seed: 8));

        static Guid TokenOf(int seed)
        {
            var machine = new QueueMachine(QueueView.Definition(sessions: false), new Random(seed));
            machine.Send([new SentMessage { MessageId = "a" }], Start);
            return Assert.Single(machine.Receive(default, ServiceBusReceiveMode.PeekLock, 1, Start)).LockToken;
        }
    }
}
