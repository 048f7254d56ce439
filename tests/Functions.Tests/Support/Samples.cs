using System.Text;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Support;

/// <summary>Items and results with as little in them as a test needs.</summary>
internal static class Samples
{
    public static ChunkId Chunk(int chunk, int page = 0) => new(FlowBench.Job, page, chunk);

    public static ChunkItem Item(long index, string? key = null, int filler = 0) => new()
    {
        Index = index,
        Id = $"i{index}",
        Key = key,
        Input = JsonSerializer.SerializeToElement(filler == 0 ? $"input {index}" : new string('x', filler)),
    };

    /// <summary>What a model says that is content.</summary>
    public static ItemOutcome Ok() => ItemOutcome.Succeeded(JsonSerializer.SerializeToElement("ok"));

    public static ItemResult Succeeded(long index, int filler = 0) => new()
    {
        Index = index,
        Id = $"i{index}",
        Status = ItemStatus.Succeeded,
        Output = JsonSerializer.SerializeToElement(filler == 0 ? $"output {index}" : new string('y', filler)),
        Attempts = 1,
    };

    public static ItemResult Failed(long index) => new()
    {
        Index = index,
        Id = $"i{index}",
        Status = ItemStatus.Failed,
        Error = new JobError("bad", "It was bad."),
        Attempts = 1,
    };

    /// <summary>Items as the input blob has them.</summary>
    public static byte[] Lines(IEnumerable<ChunkItem> items) =>
        Encoding.UTF8.GetBytes(string.Concat(items.Select(item => JsonSerializer.Serialize(item, ContractsJson.Wire.ChunkItem) + "\n")));

    /// <summary>The indexes of result lines, in their order.</summary>
    public static List<long> Indexes(string lines) =>
    [
        .. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize(line, ContractsJson.Wire.ItemResult)!.Index),
    ];
}
