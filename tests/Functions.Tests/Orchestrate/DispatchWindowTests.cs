using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Tests.Orchestrate;

public sealed class DispatchWindowTests
{
    private const int Most = 8;

    [Theory]
    [InlineData(10, new[] { 3, 4, 5, 6, 7, 8, 8, 8 })]
    [InlineData(3, new[] { 4, 8, 8, 8, 8, 8, 8, 8 })] // Twice as many would not make them wait long.
    public void After_PagesWhoseChunksWaitLittle_GrowsWithEach(double wait, int[] expected)
    {
        var window = new DispatchWindow();

        Assert.Equal(expected, Enumerable.Range(0, 8).Select(page => (window = After(window, page, Waited(wait))).Pages));
    }

    [Theory]
    [InlineData(31, 0)]
    [InlineData(1, 101)]
    public void After_APageWhoseChunksWaitLongOrAreThrottled_IsHalvedAndGrowsWithEachWindowfulThen(double wait, long throttled)
    {
        var window = After(new DispatchWindow(Pages: 8), page: 10, Waited(wait) with { Throttled = throttled }, nextPage: 18);
        Assert.Equal(4, window.Pages);

        List<int> sizes = [.. Enumerable.Range(18, 9).Select(page => (window = After(window, page, Waited(1))).Pages)];

        Assert.Equal([4, 4, 4, 5, 5, 5, 5, 5, 6], sizes);
    }

    [Fact]
    public void After_PagesThatWereBegunUnderTheLargerWindow_IsNotHalvedAgain()
    {
        var window = After(new DispatchWindow(Pages: 8), page: 10, Waited(100), nextPage: 18);

        window = Enumerable.Range(11, 7).Aggregate(window, (now, page) => After(now, page, Waited(100), nextPage: 22));
        Assert.Equal(4, window.Pages);
        Assert.Equal(2, After(window, page: 18, Waited(100)).Pages);
    }

    [Fact]
    public void After_ForEver_IsOneAtLeast()
    {
        var window = Enumerable.Range(0, 20).Aggregate(new DispatchWindow(), (now, page) => After(now, page, Waited(1000), nextPage: page));

        Assert.Equal(1, window.Pages);
    }

    [Theory]
    [InlineData(20, 3)]
    [InlineData(61, 1)]
    public void After_PageOfWorkersWhoDoNotMeasure_TakesHalfOfItsTimeForTheWait(double seconds, int pages)
    {
        var sums = new RunSums { Answers = 5, Attempts = 50 };

        Assert.Equal(pages, new DispatchWindow().After(0, 2, sums, TimeSpan.FromSeconds(seconds), Most).Pages);
        Assert.Equal(pages, new DispatchWindow().After(0, 2, sums: null, TimeSpan.FromSeconds(seconds), Most).Pages);
    }

    [Fact]
    public void After_BoundBelowTheWindow_IsTheBound() => Assert.Equal(1, new DispatchWindow().After(0, 2, Waited(1), null, most: 1).Pages);

    private static DispatchWindow After(DispatchWindow window, int page, RunSums sums, int? nextPage = null) =>
        window.After(page, nextPage ?? page + window.Pages, sums, TimeSpan.FromSeconds(1), Most);

    private static RunSums Waited(double seconds) => new() { Runs = 10, Answers = 10, Attempts = 1000, Wait = TimeSpan.FromSeconds(10 * seconds) };
}
