using Azure.Messaging.ServiceBus;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Tests.Broker;

namespace ModelJobs.LocalRuntime.Tests.Store;

public sealed class QueueStoreTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Load_AfterAnyHistoryAndRestarts_GivesTheQueueWithItsLocksExpired(bool sessions)
        => Gen.Int.SampleAsync(
            async seed =>
            {
                using var folder = new StateFolder();
                var random = new Random(seed);
                var definition = QueueView.Definition(sessions);
                var memory = new QueueMachine(definition, new Random(seed));
                var now = Start;
                for (var start = 0; start < 4; start++)
                {
                    // Each start does random things to the queue as it was kept. A queue that never leaves memory repeats them.
                    var changes = new List<QueueChange>();
                    var journal = folder.Store.JournalOf(definition);
                    var kept = new QueueMachine(definition, new Random(seed + start), changes.Add);
                    kept.Restore(journal.Load());
                    now += definition.LockDuration;
                    kept.AdvanceTo(now);
                    memory.AdvanceTo(now);
                    Assert.Equal(QueueView.Describe(memory), QueueView.Describe(kept));
                    var expired = changes.Count;

                    var history = new RandomHistory(kept, random, now);
                    history.Run(random.Next(80));
                    changes.Skip(expired).ToList().ForEach(memory.Replay);
                    await journal.Append(changes).WaitAsync(Limit, Cancel);
                    now = history.Now;
                    _ = random.Next(2) == 0 ? folder.Reopen() : folder.Kill();
                }
            },
            iter: 25,
            threads: 1);

    [Fact]
    public async Task Load_OfAMessage_GivesAllOfIt()
    {
        using var folder = new StateFolder();
        var sent = new SentMessage
        {
            Body = new byte[] { 0, 1, 255 },
            MessageId = "id\0 with a NUL",
            SessionId = "séssion",
            PartitionKey = "partition",
            TransactionPartitionKey = "transaction",
            CorrelationId = "correlation",
            Subject = "subject \"quoted\"",
            To = "to",
            ReplyTo = "reply",
            ReplyToSessionId = "reply session",
            ContentType = "type",
            TimeToLive = TimeSpan.FromTicks(123_456_789_012),
            ScheduledEnqueueTime = Start.AddHours(1),
            Properties = new Dictionary<string, object>
            {
                ["null"] = null!,
                ["string"] = "ü",
                ["bool"] = true,
                ["char"] = '\uD800',
                ["byte"] = (byte)1,
                ["sbyte"] = (sbyte)-1,
                ["short"] = (short)-2,
                ["ushort"] = (ushort)2,
                ["int"] = int.MinValue,
                ["uint"] = uint.MaxValue,
                ["long"] = long.MinValue,
                ["ulong"] = ulong.MaxValue,
                ["float"] = 0.1f,
                ["double"] = double.Epsilon,
                ["decimal"] = 0.10m,
                ["guid"] = new Guid(1, 2, 3, new byte[8]),
                ["uri"] = new Uri("relative/path", UriKind.Relative),
                ["time"] = Start.UtcDateTime,
                ["offset"] = Start.ToOffset(TimeSpan.FromHours(2)),
                ["span"] = TimeSpan.FromTicks(-1),
                ["bytes"] = new byte[] { 7 },
            },
        };
        using (var queue = Open(folder, new FakeTimeProvider(Start)))
        {
            await queue.SendAsync([sent]);
            await queue.SendAsync([new SentMessage()]);
        }

        folder.Kill();
        using var again = Open(folder, new FakeTimeProvider(Start));
        var peeked = await again.PeekAsync(default, 0, 2);

        var content = peeked[0].Content;
        Assert.Equal(sent.Properties, content.Properties);
        Assert.Equal(sent.Body.ToArray(), content.Body.ToArray());
        Assert.Equal(sent with { Properties = content.Properties, Body = content.Body }, content);
        Assert.Equal(sent.Bytes, content.Bytes);
        Assert.Equal(ServiceBusMessageState.Scheduled, peeked[0].State);
        Assert.True(peeked[1].Content.Body.IsEmpty);
    }

    [Fact]
    public async Task Send_ThatWasAcknowledged_SurvivesAKill()
    {
        using var folder = new StateFolder();
        var time = new FakeTimeProvider(Start);
        using var queue = Open(folder, time);
        for (var i = 0; i < 100; i++)
        {
            await queue.SendAsync([new SentMessage { MessageId = $"{i}" }]);
        }

        folder.Kill();
        using var again = Open(folder, time);

        Assert.Equal(100, again.Counts.Active);
    }

    [Fact]
    public async Task Restart_WhileMessagesAreLocked_CountsTheirDeliveriesAsFailed()
    {
        using var folder = new StateFolder();
        var time = new FakeTimeProvider(Start);
        using var queue = Open(folder, time);
        await queue.SendAsync([new SentMessage { MessageId = "a" }, new SentMessage { MessageId = "b" }]);
        var request = new ReceiveRequest(default, ServiceBusReceiveMode.PeekLock, 1);
        await queue.ReceiveAsync(request, TimeSpan.Zero, Cancel);

        folder.Kill();
        using var again = Open(folder, time);
        var deliveries = await again.ReceiveAsync(request with { MaxMessages = 2 }, TimeSpan.Zero, Cancel);

        Assert.Equal([("a", 2), ("b", 1)], deliveries.Select(delivery => (delivery.Content.MessageId, delivery.DeliveryCount)));
    }

    [Fact]
    public async Task Restart_WithinTheWindow_StillKnowsDuplicates()
    {
        using var folder = new StateFolder();
        var time = new FakeTimeProvider(Start);
        using var queue = Open(folder, time);
        var first = await queue.SendAsync([new SentMessage { MessageId = "a" }]);
        await queue.ReceiveAsync(new(default, ServiceBusReceiveMode.ReceiveAndDelete, 1), TimeSpan.Zero, Cancel);

        folder.Kill();
        using var again = Open(folder, time);
        var second = await again.SendAsync([new SentMessage { MessageId = "a" }]);
        time.Advance(again.Definition.DuplicateDetectionHistoryTimeWindow);
        var third = await again.SendAsync([new SentMessage { MessageId = "a" }]);

        Assert.Equal(first, second);
        Assert.Equal([first[0] + 1], third);
    }

    [Fact]
    public async Task Receive_ThatWaited_IsAnsweredOnlyWhenItsLockIsOnDisk()
    {
        using var folder = new StateFolder();
        var time = new FakeTimeProvider(Start);
        using var queue = Open(folder, time);
        var waiting = queue.ReceiveAsync(new(default, ServiceBusReceiveMode.PeekLock, 1), TimeSpan.FromMinutes(1), Cancel).AsTask();
        await queue.SendAsync([new SentMessage { MessageId = "a" }]);
        await waiting.WaitAsync(Limit, Cancel);

        folder.Kill();
        using var again = Open(folder, time);
        var delivery = Assert.Single(await again.ReceiveAsync(new(default, ServiceBusReceiveMode.PeekLock, 1), TimeSpan.Zero, Cancel));

        Assert.Equal(2, delivery.DeliveryCount);
    }

    [Fact]
    public async Task File_OfAQueueThatIsFilledAndEmptied_StopsGrowing()
    {
        using var folder = new StateFolder();
        var time = new FakeTimeProvider(Start);
        var sizes = new List<long>();
        for (var round = 0; round < 6; round++)
        {
            using (var queue = Open(folder, time))
            {
                for (var i = 0; i < 10; i++)
                {
                    await queue.SendAsync([.. Enumerable.Range(0, 100).Select(n => new SentMessage { MessageId = $"{round} {i} {n}", Body = new byte[1000] })]);
                    await queue.ReceiveAsync(new(default, ServiceBusReceiveMode.ReceiveAndDelete, 100), TimeSpan.Zero, Cancel);
                }
            }

            time.Advance(TimeSpan.FromHours(1));
            folder.Reopen();
            sizes.Add(new FileInfo(folder.File).Length);
        }

        Assert.InRange(sizes[^1], 0, sizes[1]);
    }

    private static BrokerQueue Open(StateFolder folder, TimeProvider time)
    {
        var definition = QueueView.Definition(sessions: false);
        return new BrokerQueue(definition, time, new Random(1), folder.Store.JournalOf(definition));
    }
}
