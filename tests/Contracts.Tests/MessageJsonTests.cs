using System.Text.Json;

namespace ModelJobs.Contracts.Tests;

/// <summary>The wire forms: other languages read them, so they must not change by accident.</summary>
public sealed class MessageJsonTests
{
    private static readonly ChunkId Id = new("job-1", 2, 3);

    [Fact]
    public void ChunkMessage_Inline_HasThisForm()
    {
        var message = new ChunkMessage
        {
            Id = Id,
            Model = "digits",
            ItemCount = 1,
            Items = [new ChunkItem { Index = 7, Id = "a", Key = "k", Input = Json("[1]"), Meta = Json("""{"label":7}""") }],
            Lane = new LanePlace(4, 5, Last: true, ByKey: true),
        };

        Assert.Equal(
            """{"id":{"job":"job-1","page":2,"chunk":3},"model":"digits","itemCount":1,"items":[{"index":7,"id":"a","key":"k","input":[1],"meta":{"label":7}}],"lane":{"number":4,"sequence":5,"last":true,"byKey":true}}""",
            JsonSerializer.Serialize(message, ContractsJson.Wire.ChunkMessage));
    }

    [Fact]
    public void ChunkMessage_ByClaimCheck_NamesTheRange()
    {
        var message = new ChunkMessage { Id = Id, Model = "m", ItemCount = 9, Blob = new BlobRange("job-1/input.jsonl", 100, 50) };

        Assert.Equal(
            """{"id":{"job":"job-1","page":2,"chunk":3},"model":"m","itemCount":9,"blob":{"name":"job-1/input.jsonl","offset":100,"length":50}}""",
            JsonSerializer.Serialize(message, ContractsJson.Wire.ChunkMessage));
    }

    [Fact]
    public void ChunkMessage_ForExternalWorkers_NamesWhereALargeAnswerMayLie()
    {
        var message = new ChunkMessage { Id = Id, Model = "m", ItemCount = 1, Items = [new ChunkItem { Index = 0, Id = "a", Input = Json("1") }], AnswerBlob = "job-1/a-" };

        Assert.Equal(
            """{"id":{"job":"job-1","page":2,"chunk":3},"model":"m","itemCount":1,"items":[{"index":0,"id":"a","input":1}],"answerBlob":"job-1/a-"}""",
            JsonSerializer.Serialize(message, ContractsJson.Wire.ChunkMessage));
    }

    [Fact]
    public void WorkerAnswer_LeastThatDoes_IsRead()
    {
        var answer = JsonSerializer.Deserialize(
            """{"results":[{"index":7,"output":null},{"index":8,"error":{"code":"c","message":"m"}}]}""", ContractsJson.Wire.WorkerAnswer)!;

        Assert.Equal([(7, true, null), (8, false, "c")], answer.Results!.Select(result => (result.Index, result.Output is not null, result.Error?.Code)));
        Assert.True(answer is { Id: null, Blob: null });
    }

    [Fact]
    public void ItemResult_Succeeded_BeginsWithIndexIdStatus()
    {
        var result = new ItemResult { Index = 0, Id = "a", Status = ItemStatus.Succeeded, Output = Json("\"x\""), Attempts = 1 };

        Assert.Equal(
            """{"index":0,"id":"a","status":"succeeded","output":"x","attempts":1}""",
            JsonSerializer.Serialize(result, ContractsJson.Wire.ItemResult));
    }

    [Fact]
    public void ItemResult_TextOfAnyScript_StaysAsItIs()
    {
        var result = new ItemResult { Index = 0, Id = "是", Status = ItemStatus.Succeeded, Output = Json("\"l'été, 日本 & <b>\""), Attempts = 1 };

        Assert.Equal(
            """{"index":0,"id":"是","status":"succeeded","output":"l'été, 日本 & <b>","attempts":1}""",
            JsonSerializer.Serialize(result, ContractsJson.Wire.ItemResult));
    }

    [Fact]
    public void ItemResult_OutputAndMetaNull_AreKeptApartFromAbsent()
    {
        const string Line = """{"index":0,"id":"a","status":"succeeded","output":null,"attempts":1,"meta":null}""";

        var read = JsonSerializer.Deserialize(Line, ContractsJson.Wire.ItemResult)!;

        Assert.Equal(JsonValueKind.Null, read.Output?.ValueKind);
        Assert.Equal(Line, JsonSerializer.Serialize(read, ContractsJson.Wire.ItemResult));
    }

    [Fact]
    public void ItemResult_Failed_SaysWhy()
    {
        var result = new ItemResult { Index = 3, Id = "4", Key = "k", Status = ItemStatus.Failed, Error = new JobError("c", "m"), Attempts = 5, Meta = Json("1") };

        Assert.Equal(
            """{"index":3,"id":"4","key":"k","status":"failed","error":{"code":"c","message":"m"},"attempts":5,"meta":1}""",
            JsonSerializer.Serialize(result, ContractsJson.Wire.ItemResult));
    }

    [Fact]
    public void ResultMessage_RoundTrip_KeepsResults()
    {
        var message = new ResultMessage { Id = Id, Results = [new ItemResult { Index = 1, Id = "b", Status = ItemStatus.Succeeded, Output = Json("{}"), Attempts = 2 }] };

        var read = JsonSerializer.Deserialize(JsonSerializer.Serialize(message, ContractsJson.Wire.ResultMessage), ContractsJson.Wire.ResultMessage)!;

        Assert.Equal(Id, read.Id);
        Assert.Equal((1, "b", 2), (read.Results![0].Index, read.Results[0].Id, read.Results[0].Attempts));
    }

    [Fact]
    public void ChunkId_ToString_IsJobPageChunk() => Assert.Equal("job-1/2/3", Id.ToString());

    [Fact]
    public void JobRequest_OptionMisspelt_Throws() => Assert.Throws<JsonException>(() =>
        JsonSerializer.Deserialize("""{"model":"m","items":[],"options":{"orderbykey":true}}""", ContractsJson.Wire.JobRequest));

    private static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement;
}
