using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests.External;

/// <summary>Jobs of a model that workers outside of the app run.</summary>
public sealed class ExternalModelTests(StorageEmulator storage)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_WorkerAnswersWithTheLeastThatDoes_GivesEachItemItsWholeLine()
    {
        await using var app = await StartAsync();
        await using var worker = new StandInWorker(app, delivery => delivery.AnswerAsync(
            $$"""{"results":[{{string.Join(',', delivery.Chunk.Items!.Reverse().Select(item => item.Index % 7 == 0
                ? $$$"""{"index":{{{item.Index}}},"error":{"code":"seven","message":"No sevens."}}"""
                : $$"""{"index":{{item.Index}},"output":[{{item.Input.GetInt32()}}]}"""))}}]}"""));
        // One item a chunk: 200 items make a page.
        var lines = Enumerable.Range(0, 450).Select(i => $$$"""{"id":"i{{{i}}}","key":"k{{{i % 3}}}","input":{{{i * 2}}},"meta":{"row":{{{i}}}}}""");

        var job = await app.Jobs.SubmitAsync("?model=foreign&chunkItems=1", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal((450 - 65, 65), (job.Items.Succeeded, job.Items.Failed));
        await foreach (var line in app.Jobs.ResultsAsync(job.Id))
        {
            Assert.Equal(($"i{line.Index}", $"k{line.Index % 3}", 1), (line.Id, line.Key, line.Attempts));
            Assert.Equal($"[{line.Index * 2}]", line.Output?.GetRawText());
            Assert.Equal(line.Index, line.Meta?.GetProperty("row").GetInt64());
        }

        await foreach (var line in app.Jobs.ErrorsAsync(job.Id))
        {
            Assert.Equal(($"i{line.Index}", "seven", "No sevens."), (line.Id, line.Error?.Code, line.Error?.Message));
        }
    }

    [Fact]
    public async Task Run_ChunkAndAnswerTooLargeToTravel_GoThroughStorage()
    {
        await using var app = await StartAsync();
        var container = app.Services.GetRequiredService<BlobServiceClient>()
            .GetBlobContainerClient(app.Services.GetRequiredService<IConfiguration>()["Jobs:Container"]);
        await using var worker = new StandInWorker(app, async delivery =>
        {
            // As a worker in another language does it: a range of one blob in, a blob of its own out.
            var (name, offset, length) = delivery.Chunk.Blob!;
            var range = new Azure.Storage.Blobs.Models.BlobDownloadOptions { Range = new Azure.HttpRange(offset, length) };
            var content = (await container.GetBlobClient(name).DownloadContentAsync(range, Token)).Value.Content.ToString();
            var answer = new StringBuilder();
            foreach (var line in content.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using var item = JsonDocument.Parse(line);
                var input = item.RootElement.GetProperty("input").GetString();
                answer.Append(System.Globalization.CultureInfo.InvariantCulture, $$"""{"index":{{item.RootElement.GetProperty("index")}},"output":"{{input}}{{input}}"}""").Append('\n');
            }

            var blob = delivery.Chunk.AnswerBlob + delivery.Message.LockToken + ".jsonl";
            var bytes = BinaryData.FromString(answer.ToString());
            await container.GetBlobClient(blob).UploadAsync(bytes, Token);
            await delivery.AnswerAsync($$$"""{"blob":{"name":"{{{blob}}}","offset":0,"length":{{{bytes.ToMemory().Length}}}}}""");
        });
        var filler = new string('x', 20_000);

        var job = await app.Jobs.SubmitAsync("?model=foreign&chunkItems=10", Enumerable.Range(0, 25).Select(i => $$"""{"input":"{{filler}}{{i}}"}"""));
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal(25, job.Items.Succeeded);
        await foreach (var line in app.Jobs.ResultsAsync(job.Id))
        {
            Assert.Equal($"{filler}{line.Index}{filler}{line.Index}", line.Output?.GetString());
        }
    }

    [Theory]
    [InlineData("&orderByKey=true", "orderByKey")]
    [InlineData("&maxConcurrency=3", "maxConcurrency")]
    public async Task Submit_OptionThatExternalWorkersCannotKeep_IsRefused(string option, string name)
    {
        await using var app = await StartAsync();

        using var answer = await app.Jobs.PostAsync("?model=foreign" + option, ["""{"input":1}"""]);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await JobsApi.ProblemAsync(answer);
        Assert.Equal("/problems/bad-option", problem.Type);
        Assert.Contains($"'foreign' is run by external workers, who compete for chunks: {name} cannot be kept there.", problem.Detail, StringComparison.Ordinal);
        Assert.Empty(await app.Jobs.ListAsync());
    }

    [Fact]
    public async Task Start_ExternalModelWithARunnersSettings_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("Models:foreign:Path=model.onnx"));

        Assert.Contains("Models:foreign:Path is set, but a model whose runner is 'external' has no settings here", refused.Message, StringComparison.Ordinal);
    }

    private Task<LocalApp> StartAsync(params string[] settings) => LocalApp.StartAsync(storage, ["Models:foreign:Runner=external", .. settings]);
}
