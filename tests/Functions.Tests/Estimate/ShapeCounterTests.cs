using System.Text;
using ModelJobs.Contracts;
using ModelJobs.Functions.Estimate;

namespace ModelJobs.Functions.Tests.Estimate;

/// <summary>How an input would be cut. Budget: 1 second.</summary>
public sealed class ShapeCounterTests
{
    [Fact]
    public void Finish_ManyPages_AddsThemUp()
    {
        // 200 chunks of 2 items in the first page, and as many again as all before in each after it.
        var shape = Shape(new JobOptions { ChunkItems = 2 }, Enumerable.Range(0, 1201).Select(i => Line(i)));

        Assert.Equal((1201L, 3L, 601L, 0L), (shape.Items, shape.Pages, shape.Chunks, shape.LaneChunks));
        Assert.Equal((601L, 0L), (shape.ChunkOperations, shape.LargeChunks));
    }

    [Fact]
    public void Finish_Lanes_AreCountedByPageAndByJob()
    {
        var shape = Shape(new JobOptions { ChunkItems = 1, MaxConcurrency = 3 }, Enumerable.Range(0, 401).Select(i => Line(i)));

        // The pages have 200, 200 and 1 chunks: three lanes, three, and one.
        Assert.Equal((3L, 401L, 401L, 7L, 3), (shape.Pages, shape.Chunks, shape.LaneChunks, shape.PageLanes, shape.Lanes));
    }

    [Fact]
    public void Finish_LargeChunks_TravelByBlob()
    {
        var filler = new string('x', 40_000);
        var shape = Shape(
            new JobOptions { ChunkItems = 2, OrderByKey = true }, [Line(0, filler, "a"), Line(1, filler, "b"), Line(2, filler, "a"), Line(3, filler, "b"), Line(4)]);

        Assert.Equal((3L, 2L, 1L, 2), (shape.Chunks, shape.LargeChunks, shape.ScatteredPages, shape.Lanes));
        Assert.Equal(3, shape.ChunkOperations);
    }

    private static string Line(int index, string input = "", string? key = null) =>
        $$"""{"index":{{index}},"id":"{{index}}",{{(key is null ? "" : $"\"key\":\"{key}\",")}}"input":"{{input}}"}""";

    private static JobShape Shape(JobOptions options, IEnumerable<string> lines)
    {
        using var counter = new ShapeCounter(options);
        foreach (var line in lines)
        {
            counter.Add(Encoding.UTF8.GetBytes(line + "\n"));
        }

        return counter.Finish();
    }
}
