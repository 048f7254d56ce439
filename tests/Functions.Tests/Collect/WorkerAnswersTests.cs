using System.Text;
using System.Text.Json;
using CsCheck;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

/// <summary>What an external worker may answer, and what of it is believed. The chunk has the items 4 and 5.</summary>
public sealed class WorkerAnswersTests
{
    private static readonly ChunkId Chunk = Samples.Chunk(2);
    private static readonly List<ChunkItem> Items = [Samples.Item(4, "k4"), Samples.Item(5) with { Meta = Samples.Item(5).Input }];

    [Fact]
    public void Match_LeastThatDoes_FillsTheLinesFromTheItems()
    {
        var lines = Match("""{"results":[{"index":5,"error":{"code":"blurred","message":"No digit."}},{"index":4,"output":{"digit":7}}]}""");

        Assert.Equal(
            [
                """{"index":4,"id":"i4","key":"k4","status":"succeeded","output":{"digit":7},"attempts":1}""",
                """{"index":5,"id":"i5","status":"failed","error":{"code":"blurred","message":"No digit."},"attempts":1,"meta":"input 5"}""",
            ],
            lines.Select(line => JsonSerializer.Serialize(line, ContractsJson.Wire.ItemResult)));
    }

    [Fact]
    public void Match_WorkerEchoesOtherNames_KeepsTheItems()
    {
        var lines = Match(
            """{"results":[{"index":4,"id":"x","key":"x","meta":"x","status":"succeeded","output":1},{"index":5,"id":7,"output":2,"extra":[]}],"more":1}""");

        Assert.Equal([("i4", "k4"), ("i5", null)], lines.Select(line => (line.Id, line.Key)));
        Assert.Equal(["input 5"], lines.Select(line => line.Meta?.GetString()).OfType<string>());
    }

    [Fact]
    public void Match_AnswerOfTheAppItself_IsTheSameContract()
    {
        var own = new ResultMessage { Id = Chunk, Results = [Samples.Succeeded(4), Samples.Failed(5)] };

        var lines = Match(JsonSerializer.Serialize(own, ContractsJson.Wire.ResultMessage));

        Assert.Equal([(ItemStatus.Succeeded, 1), (ItemStatus.Failed, 1)], lines.Select(line => (line.Status, line.Attempts)));
        Assert.Equal("bad", lines[1].Error?.Code);
    }

    [Fact]
    public void Match_NullWrittenForWhatIsAbsent_IsAbsent()
    {
        var lines = Match(
            """
            {"id":null,"blob":null,"results":[
              {"index":4,"status":"failed","output":null,"error":{"code":"c","message":""},"attempts":null},
              {"index":5,"status":null,"output":null,"error":null,"attempts":3}]}
            """);

        Assert.Equal([ItemStatus.Failed, ItemStatus.Succeeded], lines.Select(line => line.Status));
        Assert.Equal(JsonValueKind.Null, lines[1].Output?.ValueKind);
        Assert.Equal([1, 3], lines.Select(line => line.Attempts));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("""{"results":[{"index":4,"output":NaN},{"index":5,"output":1}]}""")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"results":{"4":1,"5":2}}""")]
    [InlineData("""{"results":[4,5]}""")]
    [InlineData("""{"results":[{"output":1},{"output":2}]}""")]
    [InlineData("""{"results":[{"index":"4","output":1},{"index":5,"output":1}]}""")]
    [InlineData("""{"results":[{"index":4.5,"output":1},{"index":5,"output":1}]}""")]
    [InlineData("""{"results":[{"index":99999999999999999999,"output":1},{"index":5,"output":1}]}""")]
    [InlineData("""{"results":[{"index":4,"error":{"code":null,"message":"m"}},{"index":5,"output":1}]}""")]
    [InlineData("""{"results":[{"index":4,"error":"bad"},{"index":5,"output":1}]}""")]
    [InlineData("""{"results":[{"index":4,"error":{"code":"\ud800","message":"m"}},{"index":5,"output":1}]}""")]
    public void Match_NotOfTheForm_IsRefused(string body) => Assert.ThrowsAny<JsonException>(() => Match(body));

    [Theory]
    [InlineData("{}", "either results or a blob")]
    [InlineData("""{"results":[],"blob":{"name":"x","offset":0,"length":1}}""", "either results or a blob")]
    [InlineData("""{"id":{"job":"job-1","page":0,"chunk":2},"results":[]}""", "its id names chunk job-1/0/2")]
    [InlineData("""{"results":[]}""", "item 4 has no result")]
    [InlineData("""{"results":[{"index":4,"output":1}]}""", "item 5 has no result")]
    [InlineData("""{"results":[{"index":4,"output":1},{"index":4,"output":1}]}""", "item 4 has two results")]
    [InlineData("""{"results":[{"index":4,"output":1},{"index":5,"output":1},{"index":5,"output":2}]}""", "item 5 has two results")]
    [InlineData("""{"results":[{"index":0,"output":1},{"index":1,"output":1}]}""", "no item of index 0; its items have 4 to 5")]
    [InlineData("""{"results":[{"index":5,"output":1},{"index":6,"output":1}]}""", "no item of index 6")]
    [InlineData("""{"results":[{"index":-4,"output":1},{"index":5,"output":1}]}""", "no item of index -4")]
    [InlineData("""{"results":[null,{"index":5,"output":1}]}""", "a result is null")]
    [InlineData("""{"results":[{"index":4},{"index":5,"output":1}]}""", "item 4 must have either an output")]
    [InlineData("""{"results":[{"index":4,"output":1,"error":{"code":"c","message":"m"}},{"index":5,"output":1}]}""", "item 4 must have either")]
    [InlineData("""{"results":[{"index":4,"output":1,"status":"done"},{"index":5,"output":1}]}""", "item 4 must have either")]
    [InlineData("""{"results":[{"index":4,"output":1,"status":"Succeeded"},{"index":5,"output":1}]}""", "item 4 must have either")]
    [InlineData("""{"results":[{"index":4,"output":1,"status":"failed"},{"index":5,"output":1}]}""", "item 4 must have either")]
    [InlineData("""{"results":[{"index":4,"status":"succeeded","error":{"code":"c","message":"m"}},{"index":5,"output":1}]}""", "item 4 must have either")]
    [InlineData("""{"results":[{"index":4,"error":{"code":"","message":"m"}},{"index":5,"output":1}]}""", "error code of item 4")]
    [InlineData("""{"results":[{"index":4,"output":1,"attempts":-1},{"index":5,"output":1}]}""", "attempts of item 4")]
    [InlineData("""{"results":[{"index":4,"output":"\ud83d"},{"index":5,"output":1}]}""", "output of item 4 has a string that is not valid Unicode")]
    [InlineData("""{"results":[{"index":4,"output":1},{"index":5,"output":{"\udc00":1}}]}""", "output of item 5 has a string")]
    public void Match_BreaksTheContract_IsRefusedWithTheReason(string body, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Match(body)).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_TooLarge_IsRefused()
    {
        var body = $$"""{"results":[],"filler":"{{new string('x', WorkerContract.MaxInlineBytes)}}"}""";

        Assert.Contains("more than 262144 bytes", Assert.Throws<InvalidDataException>(() => Match(body)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NestedTooDeep_IsRefused()
    {
        var deep = new string('[', JobLimits.MaxMessageDepth) + new string(']', JobLimits.MaxMessageDepth);

        Assert.ThrowsAny<JsonException>(() => Match($$"""{"results":[{"index":4,"output":{{deep}}},{"index":5,"output":1}]}"""));
    }

    [Fact]
    public void Match_OutputTooLarge_FailsThatItemAlone()
    {
        var large = new WorkerResult { Index = 4, Output = JsonSerializer.SerializeToElement(new string('x', JobLimits.MaxOutputBytes)) };

        var lines = WorkerAnswers.Match(Items, [large, new WorkerResult { Index = 5, Output = JsonSerializer.SerializeToElement(1) }]);

        Assert.Equal(("output_too_large", null), (lines[0].Error?.Code, lines[1].Error));
    }

    [Fact]
    public void Match_LongErrorMessage_KeepsItsBeginning()
    {
        // A cut at the limit would leave half of the last character's pair.
        var message = new string('x', WorkerContract.MaxErrorMessageLength - 2) + "😀";

        var lines = Match($$$"""{"results":[{"index":4,"error":{"code":"c","message":"{{{message}}}!"}},{"index":5,"error":{"code":"c","message":"{{{message[..^2]}}}"}}]}""");

        Assert.Equal([message[..^2] + "…", message[..^2]], lines.Select(line => line.Error?.Message));
    }

    [Fact]
    public void Match_BytesThatAreNoUtf8_NeverMakesALineThatCannotBeWritten()
    {
        byte[] body = [.. """{"results":[{"index":5,"output":1},{"index":4,"output":"""u8, (byte)'"', 0xFF, 0xC0, (byte)'"', .. "}]}"u8];

        // Either is fine; what counts is that a line, once made, can be stored and read.
        try
        {
            RoundTrip(WorkerAnswers.Match(Items, WorkerAnswers.Parse(Chunk, body).Results!));
        }
        catch (InvalidDataException)
        {
        }
    }

    [Fact]
    public void Match_AnyDamage_IsRefusedOrGivesEachItemALine()
    {
        var well = """{"id":{"job":"job-0123456789abcdef0123456789abcdef","page":0,"chunk":2},"results":[{"index":4,"status":"succeeded","output":{"a":[1,"é"]},"attempts":2},{"index":5,"error":{"code":"c","message":"m"}}]}"""u8.ToArray();
        Gen.Select(Gen.Int[0, well.Length - 1], Gen.Int[0, 12], Gen.Byte.Array[0, 6]).Sample((at, cut, put) =>
        {
            byte[] body = [.. well.AsSpan(0, at), .. put, .. well.AsSpan(Math.Min(at + cut, well.Length))];
            try
            {
                var lines = WorkerAnswers.Match(Items, WorkerAnswers.Parse(Chunk, body).Results ?? []);

                Assert.Equal([(4, "i4"), (5, "i5")], lines.Select(line => (line.Index, line.Id)));
                RoundTrip(lines);
            }
            catch (Exception refused) when (refused is JsonException or InvalidDataException)
            {
            }
        });
    }

    [Theory]
    [InlineData("job-0123456789abcdef0123456789abcdef/pages/000000/result-00002-", "name of its blob")]
    [InlineData("job-0123456789abcdef0123456789abcdef/pages/000000/result-00002-../../../job.json", "name of its blob")]
    [InlineData("job-0123456789abcdef0123456789abcdef/pages/000000/result-00002-a%2Fb", "name of its blob")]
    [InlineData("job-0123456789abcdef0123456789abcdef/pages/000000/result-00003-a.jsonl", "name of its blob")]
    [InlineData("job-ffffffffffffffffffffffffffffffff/output.jsonl", "name of its blob")]
    public void CheckBlob_NotOfTheChunk_IsRefused(string name, string reason) => Assert.Contains(
        reason, Assert.Throws<InvalidDataException>(() => WorkerAnswers.CheckBlob(Chunk, new BlobRange(name, 0, 1))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, WorkerContract.MaxBlobBytes + 1)]
    public void CheckBlob_RangeOutOfBounds_IsRefused(long offset, int length) => Assert.Contains(
        "offset",
        Assert.Throws<InvalidDataException>(() => WorkerAnswers.CheckBlob(Chunk, new BlobRange(JobBlobs.ChunkResults(Chunk) + "a", offset, length))).Message,
        StringComparison.Ordinal);

    private static IReadOnlyList<ItemResult> Match(string body) =>
        WorkerAnswers.Match(Items, WorkerAnswers.Parse(Chunk, Encoding.UTF8.GetBytes(body)).Results ?? []);

    private static void RoundTrip(IReadOnlyList<ItemResult> lines)
    {
        using var stored = NdjsonLines.Write(lines, ContractsJson.Wire.ItemResult);
        Assert.Equal(lines.Count, NdjsonLines.Parse(stored.ToArray(), ContractsJson.Wire.ItemResult).Count);
    }
}
