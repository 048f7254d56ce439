using ModelJobs.Cli.Tests.StandIns;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class JobInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("run")]
    [InlineData("submit")]
    public async Task Submission_OfMissingFile_IsRefusedBeforeAnythingStarts(string command)
    {
        var run = await CliRun.ExecuteAsync([command, _folder["none.jsonl"], "--model", "m"]);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"error: {_folder["none.jsonl"]} does not exist.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submission_OfFolder_IsRefused()
    {
        var run = await CliRun.ExecuteAsync(["submit", _folder.Path, "--model", "m"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("is a folder", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submission_OfEmptyFile_IsRefused()
    {
        var run = await CliRun.ExecuteAsync(["submit", _folder.File("empty.jsonl", ""), "--model", "m"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("is empty. A job needs at least one item.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submission_OfOtherKindOfFile_SaysHowToPassIt()
    {
        var run = await CliRun.ExecuteAsync(["submit", _folder.File("items.csv", "1,2"), "--model", "m"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("is not a .jsonl or .ndjson file", run.Error, StringComparison.Ordinal);
    }
}
