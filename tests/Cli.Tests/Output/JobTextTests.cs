using ModelJobs.Cli.Output;

namespace ModelJobs.Cli.Tests.Output;

public sealed class JobTextTests
{
    [Theory]
    [InlineData(0.04, "0.0 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(185, "3 min 05 s")]
    [InlineData(7620, "2 h 07 min")]
    [InlineData(349_200, "4 d 01 h")]
    public void Duration_OfSpan_ShowsItsTwoLargestUnits(double seconds, string text) =>
        Assert.Equal(text, JobText.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(null, "-")]
    [InlineData(0.25, "0.25 items/s")]
    [InlineData(12_345.6, "12,346 items/s")]
    public void Rate_OfJob_ShowsWhatMatters(double? rate, string text) => Assert.Equal(text, JobText.Rate(rate));

    [Fact]
    public void Printable_WithEscapeSequence_CannotReachTheTerminal() =>
        Assert.Equal("a [2Jb c", PrintableText.Of("a\u001b[2Jb\nc"));

    [Fact]
    public void Printable_OfLongText_IsCut() =>
        Assert.Equal(new string('x', PrintableText.MaxLength) + "…", PrintableText.Of(new string('x', PrintableText.MaxLength + 1)));
}
