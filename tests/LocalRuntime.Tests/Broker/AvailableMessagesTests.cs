using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

public sealed class AvailableMessagesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Forget_BehindAMessageThatStays_KeepsNoMoreThanAFewOfThem(bool wereGivenBack)
    {
        var available = new AvailableMessages();
        var first = Message(1);
        Add(first);

        for (var number = 2; number < 1000; number++)
        {
            var message = Message(number);
            Add(message);
            available.Forget();
            message.Status = MessageStatus.Removed;
        }

        Assert.Equal(1, available.Count);
        Assert.InRange(available.Kept, 1, AvailableMessages.MaxRemoved + 2);
        Assert.True(available.TryPeek(out var found));
        Assert.Same(first, found);

        void Add(StoredMessage message)
        {
            if (wereGivenBack)
            {
                available.Return(message);
            }
            else
            {
                available.Arrive(message);
            }
        }
    }

    [Fact]
    public void Take_AfterManyWereForgotten_GivesTheOthersInTheirOrder()
    {
        var available = new AvailableMessages();
        StoredMessage[] messages = [.. Enumerable.Range(1, 600).Select(number => Message(number))];
        foreach (var message in messages)
        {
            if (message.SequenceNumber % 2 == 0)
            {
                available.Arrive(message);
            }
            else
            {
                available.Return(message);
            }
        }

        foreach (var message in messages.Where(message => message.SequenceNumber % 10 != 0 && message.SequenceNumber % 7 != 0))
        {
            available.Forget();
            message.Status = MessageStatus.Removed;
        }

        List<long> taken = [];
        while (available.TryPeek(out var first))
        {
            available.Take(first);
            first.Status = MessageStatus.Locked;
            taken.Add(first.SequenceNumber);
        }

        Assert.Equal(messages.Select(message => message.SequenceNumber).Where(number => number % 10 == 0 || number % 7 == 0), taken);
        Assert.Equal(0, available.Kept);
    }

    private static StoredMessage Message(long number)
        => new(number, new SentMessage(), DateTimeOffset.UnixEpoch, TimeSpan.FromDays(1)) { Status = MessageStatus.Active };
}
