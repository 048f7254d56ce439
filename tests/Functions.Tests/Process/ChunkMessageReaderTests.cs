using System.Text;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Process;

namespace ModelJobs.Functions.Tests.Process;

public sealed class ChunkMessageReaderTests
{
    private const string Lines = """
        {"index":7,"id":"a","key":"k","input":{"x":[1,"]}\\n"]},"meta":null}
        {"index":8,"id":"é","input":null}

        """;

    private static readonly ChunkMessage Head = new() { Id = new ChunkId("job-1", 2, 3), Model = "model", ItemCount = 2, Epoch = 4, Lane = new LanePlace(1, 2, true, true) };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static byte[] Page => Encoding.UTF8.GetBytes(Lines.ReplaceLineEndings("\n"));

    [Fact]
    public void Read_MessageAsItIsWritten_IsWhatTheSerializerReads()
    {
        var body = Written();

        var read = ChunkMessageReader.Read(body);

        Assert.Equal((Head.Id, Head.Model, Head.ItemCount, Head.Epoch, Head.Lane), (read.Id, read.Model, read.ItemCount, read.Epoch, read.Lane));
        Assert.Equal(Text(JsonSerializer.Deserialize(body, ContractsJson.Wire.ChunkMessage)!), Text(read));
        Assert.Equal(2, read.Items!.Count);
    }

    [Fact]
    public void Read_MessageWrittenOtherwise_IsReadToo()
    {
        using var document = JsonDocument.Parse(Written());
        var indented = JsonSerializer.SerializeToUtf8Bytes(document.RootElement, Indented);

        Assert.Equal(Text(ChunkMessageReader.Read(Written())), Text(ChunkMessageReader.Read(indented)));
    }

    [Fact]
    public void ReadItems_StoredLines_AreTheItems() =>
        Assert.Equal([(7L, "a", "k", true), (8L, "é", null, false)], ChunkMessageReader.ReadItems(Page).Select(item => (item.Index, item.Id, item.Key, item.Meta is not null)));

    [Theory]
    [InlineData("{\"id\":\"a\",\"input\":1}\n")]
    [InlineData("{\"index\":1,\"input\":1}\n")]
    [InlineData("{\"index\":1,\"id\":null,\"input\":1}\n")]
    [InlineData("{\"index\":1,\"id\":\"a\"}\n")]
    [InlineData("{\"index\":1.5,\"id\":\"a\",\"input\":1}\n")]
    [InlineData("{\"index\":1,\"id\":2,\"input\":1}\n")]
    [InlineData("[1]\n")]
    [InlineData("\n")]
    [InlineData("{\"index\":1,\"id\":\"a\",\"input\":1}{}\n")]
    public void ReadItems_LineThatIsNoItem_IsRefused(string line) => Assert.ThrowsAny<JsonException>(() => ChunkMessageReader.ReadItems(Encoding.UTF8.GetBytes(line)));

    private static byte[] Written()
    {
        var page = Page;
        var chunk = new DraftChunk(Lanes.None);
        for (var offset = 0; offset < page.Length;)
        {
            var length = page.AsSpan(offset).IndexOf((byte)'\n') + 1;
            chunk.Add(offset, length);
            offset += length;
        }

        return ChunkMessageWriter.Write(Head, chunk, page).ToArray();
    }

    private static string Text(ChunkMessage message) => JsonSerializer.Serialize(message, ContractsJson.Wire.ChunkMessage);
}
