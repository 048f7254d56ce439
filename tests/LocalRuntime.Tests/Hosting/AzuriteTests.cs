using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Tests.Worker;

namespace ModelJobs.LocalRuntime.Tests.Hosting;

public sealed class AzuriteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_TwiceOnOneFolder_KeepsTheBlobs()
    {
        using var folder = new AppFolder();
        var options = new AzuriteOptions { SearchFolder = AppContext.BaseDirectory, DataFolder = folder.Path };

        await using (var azurite = await StartAsync(options))
        {
            var container = new BlobContainerClient(azurite.ConnectionString, "things");
            await container.CreateAsync(cancellationToken: Cancel);
            await container.UploadBlobAsync("one", BinaryData.FromString("content"), Cancel);
        }

        await using (var azurite = await StartAsync(options))
        {
            var blob = new BlobClient(azurite.ConnectionString, "things", "one");
            var content = await blob.DownloadContentAsync(Cancel);
            Assert.Equal("content", content.Value.Content.ToString());
        }
    }

    [Fact]
    public async Task Dispose_EndsTheProcess()
    {
        var azurite = await StartAsync(new AzuriteOptions { SearchFolder = AppContext.BaseDirectory });
        var exited = azurite.Exited;

        await azurite.DisposeAsync();

        Assert.True(exited.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Input_IsClosedAsWhenTheParentIsKilled_EndsTheProcess()
    {
        await using var azurite = await StartAsync(new AzuriteOptions { SearchFolder = AppContext.BaseDirectory });

        azurite.CloseInput();

        await azurite.Exited.WaitAsync(TestApp.Limit, Cancel);
    }

    [Fact]
    public async Task Start_WhileAnEarlierOneOfAKilledParentStillEnds_WaitsForItsBlobs()
    {
        using var folder = new AppFolder();
        var options = new AzuriteOptions { SearchFolder = AppContext.BaseDirectory, DataFolder = folder.Path };
        await using var orphan = await StartAsync(options);
        var container = new BlobContainerClient(orphan.ConnectionString, "things");
        await container.CreateAsync(cancellationToken: Cancel);
        await container.UploadBlobAsync("one", BinaryData.FromString("content"), Cancel);

        orphan.CloseInput();
        await using var azurite = await StartAsync(options);

        var blob = new BlobClient(azurite.ConnectionString, "things", "one");
        Assert.True(await blob.ExistsAsync(Cancel));
    }

    [Fact]
    public void DataFolder_TakenTwice_IsRefusedUntilItIsFree()
    {
        using var folder = new AppFolder();
        using (DataFolderLock.Take(folder.Path, "lock"))
        {
            var exception = Assert.Throws<LocalRuntimeException>(() => DataFolderLock.Take(folder.Path, "lock"));
            Assert.Contains("in use by another app", exception.Message, StringComparison.Ordinal);
            Assert.Contains("`jobs submit`", exception.Message, StringComparison.Ordinal);
        }

        DataFolderLock.Take(folder.Path, "lock").Dispose();
    }

    [Fact]
    public void DataFolder_ThatIsAFile_IsRefusedAsSuch()
    {
        using var folder = new AppFolder().With("data", "");

        var exception = Assert.Throws<LocalRuntimeException>(() => DataFolderLock.Take(Path.Combine(folder.Path, "data"), "lock"));

        Assert.Contains("cannot be written to", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("in use", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithAzuriteInTheOtherFolderOnly_FindsIt()
    {
        using var folder = new AppFolder();

        await using var azurite = await StartAsync(new AzuriteOptions { SearchFolder = folder.Path, OtherSearchFolders = [AppContext.BaseDirectory] });

        Assert.False(azurite.Exited.IsCompleted);
    }

    [Fact]
    public async Task Start_WithoutNode_SaysWhatToInstall()
    {
        var options = new AzuriteOptions { SearchFolder = AppContext.BaseDirectory, NodePath = "no-such-node" };

        var exception = await Assert.ThrowsAsync<LocalRuntimeException>(() => StartAsync(options));

        Assert.Contains("Install Node.js 20 or later", exception.Message, StringComparison.Ordinal);
        Assert.Contains("connection string of a storage account", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithoutAzurite_SaysWhatToInstall()
    {
        using var folder = new AppFolder();

        var exception = await Assert.ThrowsAsync<LocalRuntimeException>(() => StartAsync(new AzuriteOptions { SearchFolder = folder.Path }));

        Assert.Contains("npm ci", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_WithoutStorageConfigured_StartsAzuriteAndStopsIt()
    {
        using var folder = new AppFolder();
        // Azurite is looked for from the app's root on, which here is below the repository's node_modules.
        var root = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, Path.GetFileName(folder.Path))).FullName;
        try
        {
            var host = TestApp.CreateBuilder(
                folder, typeof(NoFunctions), "--LocalRuntime:AppRoot=" + root, "--LocalRuntime:Azurite=Start", "--LocalRuntime:DataFolder=" + folder.Path,
                "--JobStorage=UseDevelopmentStorage=true").Build();
            await host.StartAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);
            var configuration = host.Services.GetRequiredService<IConfiguration>();
            var service = new BlobServiceClient(configuration["JobStorage"]);
            Assert.Equal(configuration["JobStorage"], configuration["AzureWebJobsStorage"]);
            Assert.Equal(configuration["JobStorage"], host.Services.GetRequiredService<LocalRuntimeAddress>().StorageConnectionString);
            await service.CreateBlobContainerAsync("things", cancellationToken: Cancel);

            await host.StopAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);
            await ((IAsyncDisposable)host).DisposeAsync();

            using var http = new HttpClient();
            await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(service.Uri, Cancel));
            Assert.True(Directory.Exists(Path.Combine(folder.Path, "azurite")));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task Host_WithStorageAccountConfigured_LeavesItAlone()
    {
        using var folder = new AppFolder();
        using var host = TestApp.CreateBuilder(
            folder, typeof(NoFunctions), "--LocalRuntime:Azurite=Start", "--LocalRuntime:NodePath=no-such-node",
            "--JobStorage=AccountName=a", "--AzureWebJobsStorage:blobServiceUri=https://a.example").Build();

        await host.StartAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);

        Assert.Equal("AccountName=a", host.Services.GetRequiredService<IConfiguration>()["JobStorage"]);
        Assert.Null(host.Services.GetRequiredService<LocalRuntimeAddress>().StorageConnectionString);
        await host.StopAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);
    }

    private static Task<AzuriteProcess> StartAsync(AzuriteOptions options)
        => AzuriteProcess.StartAsync(options, Cancel).WaitAsync(TestApp.Limit, Cancel);

    public sealed class NoFunctions;
}
