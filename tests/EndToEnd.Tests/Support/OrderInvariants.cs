namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>2: items of one key run one at a time, in input order, retries included.</summary>
internal static class OrderInvariants
{
    /// <summary>Checks a run without faults, in which every item runs once.</summary>
    public static void Check(IEnumerable<Attempt> attempts)
    {
        foreach (var key in ByKey(attempts))
        {
            var byTime = key.OrderBy(attempt => attempt.Start).ToList();
            foreach (var (before, after) in byTime.Zip(byTime.Skip(1)))
            {
                CheckApart(before, after);
                Assert.True((before.Index, before.Number).CompareTo((after.Index, after.Number)) < 0, $"{before} ran before {after}.");
            }
        }
    }

    /// <summary>
    /// Checks a run in which chunks were delivered again: their items may run again, but none may begin before those before it have
    /// been run to their ends once.
    /// </summary>
    /// <param name="attempts">All attempts.</param>
    /// <param name="locksLost">
    /// Whether locks ran out under their holders: then one who does not know yet may still run what another runs again. Nobody can stop it.
    /// </param>
    public static void CheckWithRepetitions(IEnumerable<Attempt> attempts, bool locksLost)
    {
        foreach (var key in ByKey(attempts))
        {
            Attempt? done = null;
            foreach (var item in key.GroupBy(attempt => attempt.Index).OrderBy(item => item.Key))
            {
                var first = item.MinBy(attempt => attempt.Start)!;
                Assert.True(done is null || done.End < first.Start, $"{first} began before {done} had ended.");
                // Of one that was given up it is not known when.
                done = item.Where(attempt => attempt.IsLast).MinBy(attempt => attempt.End) ?? first;
            }

            if (!locksLost)
            {
                var byTime = key.OrderBy(attempt => attempt.Start).ToList();
                foreach (var (before, after) in byTime.Zip(byTime.Skip(1)))
                {
                    CheckApart(before, after);
                }
            }
        }
    }

    private static IEnumerable<IGrouping<string, Attempt>> ByKey(IEnumerable<Attempt> attempts) =>
        attempts.Where(attempt => attempt.Key is not null).GroupBy(attempt => attempt.Key!);

    private static void CheckApart(Attempt before, Attempt after) =>
        Assert.True(before.End < after.Start, $"{before} and {after} ran at the same time.");
}
