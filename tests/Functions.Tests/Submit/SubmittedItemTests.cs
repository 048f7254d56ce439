using System.Text;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Submit;

namespace ModelJobs.Functions.Tests.Submit;

public sealed class SubmittedItemTests
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = JobLimits.MaxItemDepth };

    [Theory]
    [InlineData("""{"input":[0,1,-2.5e3,[]]}""")]
    [InlineData("""{"id":"a b","input":{"x":[true,false,null],"y":""},"key":"k","meta":{"label":5}}""")]
    [InlineData("""{"meta":null,"input":null,"id":7}""")]
    [InlineData(""" { "key" : "ключ" , "id" : "\"\\\u00e9" , "input" : 1 } """)]
    [InlineData("""{"inp\u0075t":"<&'+>"}""")]
    public void TryTake_LineWithoutSpacesInItsValues_IsStoredAsIfItHadBeenParsed(string line)
    {
        var taken = SubmittedItem.TryTake(Encoding.UTF8.GetBytes(line), Strict);

        Assert.NotNull(taken);
        var parsed = Parsed(line);
        Assert.Equal((parsed.Id, parsed.Key, parsed.Meta?.ToString()), (taken.Id, taken.Key, taken.Meta?.ToString()));
        Assert.Equal(parsed.Input.GetRawText(), taken.Input.GetRawText());
        Assert.Equal(Encoding.UTF8.GetString(parsed.ToLine(3, "three")), Encoding.UTF8.GetString(taken.ToLine(3, "three")));
    }

    [Theory]
    [InlineData("""{"input":[1, 2]}""")]
    [InlineData("""{"input":"two words"}""")]
    [InlineData("""{"input":"\u0061"}""")]
    [InlineData("""{"input":"é"}""")]
    [InlineData("""{"input":1,"meta":{"a": 1}}""")]
    [InlineData("""{"input":1,"input":2}""")]
    [InlineData("""{"input":1,"id":1.5}""")]
    [InlineData("""{"input":1,"id":null}""")]
    [InlineData("""{"input":1,"id":"\ud800"}""")]
    [InlineData("""{"input":1,"extra":2}""")]
    [InlineData("""{"input":1}{}""")]
    [InlineData("""{"input":01}""")]
    [InlineData("""{"input":[1}""")]
    [InlineData("""{"id":"a"}""")]
    [InlineData("""[1]""")]
    [InlineData("")]
    public void TryTake_AnyOtherLine_IsLeftToTheParser(string line) => Assert.Null(SubmittedItem.TryTake(Encoding.UTF8.GetBytes(line), Strict));

    private static SubmittedItem Parsed(string line) => new(JsonSerializer.Deserialize(line, ContractsJson.Wire.Item)!);
}
