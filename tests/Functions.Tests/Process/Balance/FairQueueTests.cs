using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Tests.Process.Balance;

public sealed class FairQueueTests
{
    private readonly FairQueue<string> _queue = new();

    [Fact]
    public void Dequeue_SeveralJobs_TakesThemInTurn()
    {
        Add("a", 4);
        Add("b", 2);
        Add("c", 1);

        Assert.Equal("a b c a b a a", Take(7));
    }

    [Fact]
    public void Dequeue_JobThatComesLater_WaitsOneTurnAtMost()
    {
        Add("a", 1000);
        Take(500);

        Add("b", 2);

        Assert.Equal("a b a b a", Take(5));
    }

    [Fact]
    public void Dequeue_JobThatComesBackAfterEachCall_GetsNoMoreThanItsShare()
    {
        Add("a", 100);
        var turns = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            if (!turns.TakeLast(1).Contains("a"))
            {
                Add("b", 1);
            }

            turns.Add(Take(1));
        }

        Assert.InRange(turns.Count(turn => turn == "a"), 9, 20);
    }

    [Fact]
    public void Dequeue_JobsOfDifferentWeight_HaveTurnsByIt()
    {
        Add("a", 100);
        Add("b", 100, weight: 3);

        var turns = Take(40).Split(' ');

        Assert.Equal(30, turns.Count(turn => turn == "b"));
        Assert.Contains("a", turns[..5]);
    }

    [Fact]
    public void Remove_OneThatWaits_LeavesTheOthersInOrder()
    {
        Add("a", 1);
        var place = _queue.Enqueue(new JobShare("b"), "b");
        Add("c", 1);

        _queue.Remove(new JobShare("b"), place);

        Assert.Equal((2, 2), (_queue.Count, _queue.Jobs));
        Assert.Equal("a c", Take(2));
        Assert.False(_queue.TryPeek(out _));
    }

    private void Add(string job, int count, int weight = 1)
    {
        for (var i = 0; i < count; i++)
        {
            _queue.Enqueue(new JobShare(job, weight), job);
        }
    }

    private string Take(int count)
    {
        var taken = new List<string>();
        while (taken.Count < count && _queue.TryPeek(out var next))
        {
            taken.Add(next);
            _queue.Dequeue();
        }

        return string.Join(' ', taken);
    }
}
