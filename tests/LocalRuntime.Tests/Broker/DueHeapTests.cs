using CsCheck;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

public sealed class DueHeapTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void TryPeekDue_AfterAnySetsAndRemoves_GivesTheRestInOrderOfMomentThenOrder()
        => Gen.Select(Gen.Int[0, 9], Gen.Int[-1, 20]).Array[0, 60].Sample(steps =>
        {
            var heap = new DueHeap<Item>();
            var items = Enumerable.Range(0, 10).Select(order => new Item(order)).ToArray();
            var model = new Dictionary<Item, int>();
            foreach (var (index, seconds) in steps)
            {
                if (seconds < 0)
                {
                    heap.Remove(items[index]);
                    model.Remove(items[index]);
                }
                else
                {
                    heap.Set(items[index], Start.AddSeconds(seconds));
                    model[items[index]] = seconds;
                }
            }
            var drained = new List<Item>();
            while (heap.TryPeekDue(DateTimeOffset.MaxValue, out var item))
            {
                heap.Remove(item);
                drained.Add(item);
            }
            Assert.Equal(model.OrderBy(entry => entry.Value).ThenBy(entry => entry.Key.Order).Select(entry => entry.Key), drained);
            Assert.Null(heap.NextDue);
        });

    [Fact]
    public void TryPeekDue_BeforeTheMoment_GivesNothing()
    {
        var heap = new DueHeap<Item>();
        heap.Set(new Item(0), Start);

        Assert.False(heap.TryPeekDue(Start.AddTicks(-1), out _));
        Assert.True(heap.TryPeekDue(Start, out _));
    }

    private sealed class Item : DueItem
    {
        public Item(long order) => Order = order;
    }
}
