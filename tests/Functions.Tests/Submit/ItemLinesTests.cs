using System.IO.Pipelines;
using System.Text;
using ModelJobs.Contracts;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Submit;

namespace ModelJobs.Functions.Tests.Submit;

public sealed class ItemLinesTests
{
    [Theory]
    [InlineData("{\"input\":1}\n{\"input\":2}\n")]
    [InlineData("{\"input\":1}\n{\"input\":2}")]
    [InlineData("{\"input\":1}\r\n{\"input\":2}\r\n")]
    [InlineData("\uFEFF{\"input\":1}\n{\"input\":2}")]
    public async Task Read_LinesHoweverTheyEnd_GivesEachItem(string body)
    {
        var items = await ReadAsync(body);

        Assert.Equal([(1L, 1), (2L, 2)], items.Select(item => (item.Line, item.Item.Input.GetInt32())));
    }

    [Fact]
    public async Task Read_BlankLines_AreSkippedButCounted()
    {
        var items = await ReadAsync("\n{\"input\":1}\n \t\r\n{\"input\":2}\n\n");

        Assert.Equal([2L, 4L], items.Select(item => item.Line));
    }

    [Fact]
    public async Task Read_BodyInSingleBytes_GivesTheSame()
    {
        var bytes = Encoding.UTF8.GetBytes("{\"input\":\"é\"}\n{\"input\":2}");
        var pipe = new Pipe();
        var writing = Task.Run(
            async () =>
            {
                foreach (var value in bytes)
                {
                    await pipe.Writer.WriteAsync(new[] { value });
                }

                await pipe.Writer.CompleteAsync();
            },
            TestContext.Current.CancellationToken);

        var items = await ItemLines.ReadAsync(pipe.Reader, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        await writing;
        Assert.Equal("é", items[0].Item.Input.GetString());
        Assert.Equal(2, items.Count);
    }

    [Fact]
    public async Task Read_MalformedLine_NamesLineAndColumn()
    {
        var refused = await Assert.ThrowsAsync<ProblemException>(() => ReadAsync("{\"input\":1}\n{\"input\":x}\n"));

        Assert.Equal((2L, 10L), (refused.Problem.Line, refused.Problem.Column));
    }

    [Fact]
    public async Task Read_LineOverTheLimit_IsRefusedBeforeItIsWhole()
    {
        var endless = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await endless.Writer.WriteAsync(new byte[JobLimits.MaxItemBytes + 1], TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<ProblemException>(async () =>
            await ItemLines.ReadAsync(endless.Reader, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));

        Assert.Equal(1, refused.Problem.Line);
    }

    private static async Task<List<(long Line, SubmittedItem Item)>> ReadAsync(string body) =>
        await ItemLines.ReadAsync(PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(body))), TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
}
