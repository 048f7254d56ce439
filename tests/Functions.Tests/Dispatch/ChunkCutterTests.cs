using System.Text;
using System.Text.Json;
using CsCheck;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;

namespace ModelJobs.Functions.Tests.Dispatch;

public sealed class ChunkCutterTests
{
    [Fact]
    public void Cut_Unordered_KeepsInputOrderInRunsOfTheChunkSize()
    {
        var page = Page([.. Enumerable.Range(0, 7).Select(i => $"k{i}")]);

        var chunks = ChunkCutter.Cut(page, new JobOptions { ChunkItems = 3 });

        Assert.Equal([[0, 1, 2], [3, 4, 5], [6]], chunks.Select(chunk => Indexes(page, chunk)));
        Assert.All(chunks, chunk => Assert.True(chunk is { Lane: Lanes.None, IsContiguous: true }));
    }

    [Fact]
    public void Cut_OrderedByKey_KeepsEachKeyInOneLaneAndInOrder() =>
        Gen.Select(Gen.Int[0, 30].Array[1, 300], Gen.Int[1, 9]).Sample((keys, chunkItems) =>
        {
            var page = Page([.. keys.Select(key => key == 0 ? null : $"key {key}")]);

            var chunks = ChunkCutter.Cut(page, new JobOptions { OrderByKey = true, ChunkItems = chunkItems });

            Assert.Equal(Enumerable.Range(0, keys.Length), chunks.SelectMany(chunk => Indexes(page, chunk)).Order());
            Assert.All(chunks, chunk => Assert.InRange(chunk.Lines.Count, 1, chunkItems));
            foreach (var lane in chunks.Where(chunk => chunk.Lane != Lanes.None).GroupBy(chunk => chunk.Lane))
            {
                var indexes = lane.SelectMany(chunk => Indexes(page, chunk)).ToList();
                Assert.Equal(indexes.Order(), indexes);
                Assert.All(indexes, index => Assert.Equal(lane.Key, Lanes.OfKey($"key {keys[index]}", JobLimits.MaxLanes)));
            }

            Assert.All(chunks.Where(chunk => chunk.Lane == Lanes.None), chunk => Assert.All(Indexes(page, chunk), index => Assert.Equal(0, keys[index])));
        });

    [Fact]
    public void Cut_MaxConcurrency_PutsEveryChunkIntoOneOfSoManyLanes()
    {
        var chunks = ChunkCutter.Cut(Page(new string?[50]), new JobOptions { ChunkItems = 5, MaxConcurrency = 3 });

        Assert.Equal([0, 1, 2, 0, 1, 2, 0, 1, 2, 0], chunks.Select(chunk => chunk.Lane));
    }

    [Fact]
    public void Cut_LongItems_StaysUnderTheByteLimit()
    {
        var page = Page(new string?[4], filler: 600_000);

        var chunks = ChunkCutter.Cut(page, new JobOptions { ChunkItems = 50 });

        Assert.Equal(4, chunks.Count);
    }

    [Fact]
    public void Write_ChunkOfLines_ReadsBackAsTheItems()
    {
        var page = Page(["a", "b", "c"]);
        var chunk = ChunkCutter.Cut(page, new JobOptions { ChunkItems = 2 })[0];
        var message = new ChunkMessage { Id = new ChunkId("job", 0, 0), Model = "m", ItemCount = 2 };

        var read = JsonSerializer.Deserialize(ChunkMessageWriter.Write(message, chunk, page).Span, ContractsJson.Wire.ChunkMessage)!;

        Assert.Equal(message.Id, read.Id);
        Assert.Equal([(0, "a"), (1, "b")], read.Items!.Select(item => ((int)item.Index, item.Key)));
    }

    [Fact]
    public void OfKey_SameKey_IsTheSameLaneForever()
    {
        // Written down: a lane that moved between versions would break the order of jobs in flight.
        Assert.Equal([LaneOfA, LaneOfB], [Lanes.OfKey("a", 64), Lanes.OfKey("b", 64)]);
    }

    private const int LaneOfA = 10;
    private const int LaneOfB = 62;

    private static byte[] Page(string?[] keys, int filler = 0)
    {
        var input = JsonSerializer.SerializeToElement(new string('x', filler));
        var lines = keys.Select((key, i) => JsonSerializer.Serialize(
            new ChunkItem { Index = i, Id = $"{i}", Key = key, Input = input }, ContractsJson.Wire.ChunkItem));
        return Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
    }

    private static List<int> Indexes(byte[] page, DraftChunk chunk) => [.. chunk.Lines.Select(line =>
        (int)JsonSerializer.Deserialize(page.AsSpan(line.Offset, line.Length - 1), ContractsJson.Wire.ChunkItem)!.Index)];
}
