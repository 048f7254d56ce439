using ModelJobs.LocalRuntime.Faults;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Faults;

public sealed class FaultPlanTests
{
    [Theory]
    [InlineData("7", "7:everything")]
    [InlineData("-3:Settles", "-3:settles")]
    [InlineData("7:calm:settle.after", "7:calm:settle.after:1")]
    [InlineData("7:mild:blob.before:12", "7:mild:blob.before:12")]
    public void Parse_WhatItShouldBe_SaysTheSame(string text, string written) => Assert.Equal(written, FaultPlan.Parse(text).ToString());

    [Theory]
    [InlineData("", "SEED[:PROFILE[:POINT[:N]]]")]
    [InlineData("seven", "with a whole number as the seed")]
    [InlineData("7:wild", "the profiles are calm, mild, settles, locks, storage, durable, everything")]
    [InlineData("7:calm:settle", "the points are send.before, send.after, receive.after")]
    [InlineData("7:calm:settle.after:0", "1 for the first")]
    [InlineData("7:calm:settle.after:1:2", "SEED[:PROFILE[:POINT[:N]]]")]
    public void Parse_WhatItShouldNotBe_SaysWhatThereIs(string text, string expected)
    {
        var wrong = Assert.Throws<LocalRuntimeException>(() => FaultPlan.Parse(text));

        Assert.Contains($"'LocalRuntime:Faults' is '{text}'", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
    }
}
