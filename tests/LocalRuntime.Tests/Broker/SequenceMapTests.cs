using CsCheck;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

public sealed class SequenceMapTests
{
    [Fact]
    public void Map_AfterAnyAddsAndRemoves_IsASortedDictionary()
        => Gen.Select(Gen.Long[1, 1500], Gen.Bool).Array[0, 300].Sample(steps =>
        {
            var map = new SequenceMap<string>();
            var model = new SortedDictionary<long, string>();
            foreach (var (number, adds) in steps)
            {
                if (!adds)
                {
                    map.Remove(number);
                    model.Remove(number);
                }
                else if (model.TryAdd(number, $"{number}"))
                {
                    map.Add(number, $"{number}");
                }
                Assert.Equal(model.ContainsKey(number), map.TryGet(number, out var value));
                Assert.Equal(model.GetValueOrDefault(number), value);
            }
            Assert.Equal(model.Count, map.Count);
            foreach (var from in new long[] { 0, 1, 255, 256, 257, 700, 2000 })
            {
                Assert.Equal(model.Where(entry => entry.Key >= from).Select(entry => entry.Value), map.From(from));
            }
        });

    [Fact]
    public void Add_TakenNumber_IsRefused()
    {
        var map = new SequenceMap<string>();
        map.Add(1, "a");

        Assert.Throws<ArgumentException>(() => map.Add(1, "b"));
    }
}
