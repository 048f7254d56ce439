using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using ModelJobs.Functions.Process.Runners.Onnx;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process.Runners.Onnx;

public sealed class ModelFileTests(StorageEmulator storage) : IAsyncLifetime
{
    private const string Container = "model-file-tests";
    private static readonly string Zeros = new('0', 64);

    private readonly string _cache = Directory.CreateTempSubdirectory("modeljobs-model-file-").FullName;
    private readonly BlobServiceClient _blobs = new(storage.ConnectionString);
    private string _sum = "";

    public async ValueTask InitializeAsync()
    {
        var container = _blobs.GetBlobContainerClient(Container);
        await container.CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        await container.GetBlobClient("digits/2/digits.onnx").UploadAsync(Digits.ModelPath, overwrite: true, TestContext.Current.CancellationToken);
        _sum = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(Digits.ModelPath, TestContext.Current.CancellationToken)));
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_cache, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Find_Blob_IsDownloadedOnceAndVerified()
    {
        var model = Model(("Blob", $"{Container}/digits/{{version}}/digits.onnx"), ("Version", "2"), ("Sha256", _sum));

        var path = model.Find(_blobs);

        Assert.Null(model.Problem);
        Assert.Equal(File.ReadAllBytes(Digits.ModelPath), File.ReadAllBytes(path));
        Assert.Equal(path, model.Find(Nowhere)); // it is here already
        Assert.Single(Directory.GetFiles(_cache));
    }

    [Fact]
    public void Find_CachedFileWasDamaged_IsDownloadedAgain()
    {
        var model = Model(("Blob", $"{Container}/digits/2/digits.onnx"), ("Sha256", _sum));
        var path = model.Find(_blobs);
        File.AppendAllText(path, "x");

        Assert.Equal(path, model.Find(_blobs));

        Assert.Equal(File.ReadAllBytes(Digits.ModelPath), File.ReadAllBytes(path));
    }

    [Fact]
    public void Find_BlobHasAnotherChecksum_IsRefusedAndNotKept()
    {
        var model = Model(("Blob", $"{Container}/digits/2/digits.onnx"), ("Sha256", Zeros));

        var refused = Assert.Throws<InvalidDataException>(() => model.Find(_blobs));

        Assert.Contains($"SHA-256 {_sum.ToLowerInvariant()}, but Models:m:Sha256 is {Zeros}", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_cache));
    }

    [Fact]
    public void Find_NoSuchBlob_Fails() =>
        Assert.Throws<RequestFailedException>(() => Model(("Blob", $"{Container}/digits/3/digits.onnx"), ("Sha256", Zeros)).Find(_blobs));

    [Fact]
    public void Problem_WrongSettings_SaysWhatToSet()
    {
        Assert.Contains("Models:m:Path must name the model's .onnx file, or Models:m:Blob a blob", Model().Problem, StringComparison.Ordinal);
        Assert.Contains("keep one", Model(("Path", "x"), ("Blob", "a/b"), ("Sha256", Zeros)).Problem, StringComparison.Ordinal);
        Assert.Contains("set both or neither", Model(("Blob", "a/b"), ("Version", "1"), ("Sha256", Zeros)).Problem, StringComparison.Ordinal);
        Assert.Contains("set both or neither", Model(("Blob", "a/{version}"), ("Sha256", Zeros)).Problem, StringComparison.Ordinal);
        Assert.Contains("must be container/name", Model(("Blob", "b.onnx"), ("Sha256", Zeros)).Problem, StringComparison.Ordinal);
        Assert.Contains("64 hexadecimal digits", Model(("Blob", "a/b")).Problem, StringComparison.Ordinal);
        Assert.Null(Model(("Path", Digits.ModelPath)).Problem);
    }

    private static BlobServiceClient Nowhere => new(new Uri("http://127.0.0.1:1/account"), new BlobClientOptions { Retry = { MaxRetries = 0 } });

    private ModelFile Model(params (string Name, string Value)[] settings)
    {
        var values = settings.ToDictionary(setting => $"Models:m:{setting.Name}", setting => (string?)setting.Value);
        values["Models:m:CacheFolder"] = _cache;
        return new ModelFile(new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection("Models:m"), _cache);
    }
}
