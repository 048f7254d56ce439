using CsCheck;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Tests.Plan;

public sealed class PageCutterTests
{
    [Fact]
    public void Add_ManyLines_CutsAtTheItemLimit()
    {
        var pages = Cut([10, 10, 10, 10, 10], maxItems: 2, maxBytes: 1000);

        Assert.Equal([new PagePlan(0, 0, 20, 0, 2), new PagePlan(1, 20, 20, 2, 2), new PagePlan(2, 40, 10, 4, 1)], pages);
    }

    [Fact]
    public void Add_LongLines_CutsBeforeTheByteLimit()
    {
        var pages = Cut([60, 50, 200, 10], maxItems: 100, maxBytes: 100);

        Assert.Equal([60, 50, 200, 10], pages.Select(page => page.Bytes));
    }

    [Fact]
    public void Add_FirstPageSmallerThanOthers_GrowsThemWithWhatIsBefore()
    {
        var pages = Cut([.. Enumerable.Repeat(1, 30)], maxItems: 10, maxBytes: 1000, firstItems: 3);

        Assert.Equal([3, 3, 6, 10, 8], pages.Select(page => page.Items));
    }

    [Fact]
    public void Finish_NoLines_HasNoPage() => Assert.Empty(Cut([], 10, 10));

    [Fact]
    public void Cut_AnyLines_CoversTheInputWithoutGapWithinTheLimits() =>
        Gen.Select(Gen.Int[1, 300].Array[0, 200], Gen.Int[1, 20], Gen.Int[1, 500], Gen.Int[1, 20]).Sample((lines, maxItems, maxBytes, firstItems) =>
        {
            var (offset, index) = (0L, 0L);
            foreach (var (number, page) in Cut(lines, maxItems, maxBytes, Math.Min(firstItems, maxItems)).Index())
            {
                Assert.Equal((number, offset, index), (page.Page, page.Offset, page.FirstIndex));
                Assert.InRange(page.Items, 1, maxItems);
                Assert.True(page.Bytes <= maxBytes || page.Items == 1);
                offset += page.Bytes;
                index += page.Items;
            }

            Assert.Equal((lines.Sum(), lines.Length), (offset, index));
        });

    [Fact]
    public void ToLine_LargestNumbers_FitsTheWidth()
    {
        var line = new PagePlan(999_999, 999_999_999_999, int.MaxValue, 999_999_999_999, 99_999).ToLine();

        Assert.Equal(PagePlan.Width, line.Length);
        Assert.Equal((byte)'\n', line[^1]);
    }

    private static List<PagePlan> Cut(int[] lines, int maxItems, int maxBytes, int? firstItems = null)
    {
        var cutter = new PageCutter(firstItems ?? maxItems, maxItems, maxBytes);
        var pages = lines.Select(cutter.Add).OfType<PagePlan>().ToList();
        return cutter.Finish() is { } last ? [.. pages, last] : pages;
    }
}
