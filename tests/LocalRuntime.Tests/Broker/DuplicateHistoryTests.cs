using CsCheck;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

public sealed class DuplicateHistoryTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Contains_AnyHistory_KnowsWhatWasAcceptedWithinTheWindowAndUnderWhichNumber() =>
        // Steps of whole seconds, far apart for a history that takes what comes within 10 ms as one moment.
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 90], Gen.Int[1, 3]).Array[1, 300].Sample(steps =>
        {
            var history = new DuplicateHistory(Window);
            var accepted = new Dictionary<string, (DateTimeOffset At, long Number)>(StringComparer.Ordinal);
            var (now, number) = (Start, 1L);
            foreach (var (id, seconds, gap) in steps)
            {
                now += TimeSpan.FromSeconds(seconds);
                var name = $"message {id}";
                var isKnown = accepted.TryGetValue(name, out var first) && first.At + Window > now;

                Assert.Equal(isKnown, history.Contains(name, now, out var found));
                if (isKnown)
                {
                    Assert.Equal(first.Number, found);
                    continue;
                }

                accepted[name] = (now, number);
                history.Add(name, now, number);
                number += gap;
            }
        });

    [Fact]
    public void Contains_ManyIdsAtOnce_FindsEachUnderItsNumberAndNoOther()
    {
        const int Ids = 20_000;
        var history = new DuplicateHistory(Window);
        for (var i = 0; i < Ids; i++)
        {
            history.Add($"{i}", Start, 5 + i);
        }

        for (var i = 0; i < Ids; i++)
        {
            Assert.True(history.Contains($"{i}", Start, out var number));
            Assert.Equal(5 + i, number);
            Assert.False(history.Contains($"other {i}", Start, out _));
        }
    }
}
