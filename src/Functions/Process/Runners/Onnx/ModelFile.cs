using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>
/// Where a model's file comes from: a path, or a blob in the storage account of the jobs that is named, versioned and known by its checksum. A blob is
/// downloaded once into a cache folder whose files are named by their checksums, and verified whenever it is loaded.
/// </summary>
internal sealed class ModelFile
{
    /// <summary>Settings of a model's section that are read here.</summary>
    public static readonly string[] Settings = ["Path", "Blob", "Version", "Sha256", "CacheFolder"];

    /// <summary>Largest model: what ONNX files, which are Protocol Buffers, can hold.</summary>
    private const long MaxBytes = 2L * 1024 * 1024 * 1024;
    private const string VersionPlace = "{version}";

    private readonly IConfigurationSection _model;
    private readonly string _root;

    /// <param name="model">The model's section.</param>
    /// <param name="root">What relative paths count from.</param>
    public ModelFile(IConfigurationSection model, string root)
    {
        _model = model;
        _root = root;
    }

    private string? Blob => _model["Blob"] is { Length: > 0 } blob ? blob.Replace(VersionPlace, _model["Version"], StringComparison.Ordinal) : null;

    private string Path => System.IO.Path.Combine(_root, _model["Path"] ?? "");

    private string CacheFolder => _model["CacheFolder"] is { Length: > 0 } folder
        ? System.IO.Path.Combine(_root, folder)
        : System.IO.Path.Combine(System.IO.Path.GetTempPath(), "modeljobs-models");

    /// <summary>What is wrong with the settings; null if nothing is.</summary>
    public string? Problem
    {
        get
        {
            if (Blob is not { } blob)
            {
                return File.Exists(Path)
                    ? null
                    : $"{_model.Path}:Path must name the model's .onnx file, or {_model.Path}:Blob a blob; there is no '{Path}'";
            }

            if (_model["Path"] is not null)
            {
                return $"{_model.Path}:Path and :Blob are both set; keep one";
            }

            if (_model["Blob"]!.Contains(VersionPlace, StringComparison.Ordinal) != _model["Version"] is { Length: > 0 })
            {
                return $"{_model.Path}:Version stands for {VersionPlace} in :Blob; set both or neither";
            }

            return blob.Split('/') is not [{ Length: > 0 }, { Length: > 0 }, ..]
                ? $"{_model.Path}:Blob is '{blob}'; it must be container/name"
                : _model["Sha256"] is not { Length: 64 } sum || !sum.All(char.IsAsciiHexDigit)
                    ? $"{_model.Path}:Sha256 must be the checksum of the model's file, 64 hexadecimal digits, as sha256sum prints it"
                    : null;
        }
    }

    /// <summary>The file on this machine, downloaded if it is a blob that is not here yet.</summary>
    /// <param name="storage">The storage account of blobs.</param>
    /// <exception cref="InvalidDataException">The blob has another checksum, or is too large.</exception>
    public string Find(BlobServiceClient storage)
    {
        if (Blob is not { } blob)
        {
            return Path;
        }

        var sum = _model["Sha256"]!.ToLowerInvariant();
        var cached = System.IO.Path.Combine(CacheFolder, $"{sum}.onnx");
        if (File.Exists(cached) && SumOf(cached) == sum)
        {
            return cached;
        }

        Directory.CreateDirectory(CacheFolder);
        var separator = blob.IndexOf('/', StringComparison.Ordinal);
        var source = storage.GetBlobContainerClient(blob[..separator]).GetBlobClient(blob[(separator + 1)..]);
        var part = System.IO.Path.Combine(CacheFolder, $"{sum}.{Environment.ProcessId}.part");
        try
        {
            if (source.GetProperties().Value.ContentLength is > MaxBytes and var bytes)
            {
                throw new InvalidDataException($"The model's blob '{blob}' has {bytes} bytes; at most {MaxBytes} are supported.");
            }

            source.DownloadTo(part);
            var found = SumOf(part);
            if (found != sum)
            {
                throw new InvalidDataException(
                    $"The model's blob '{blob}' has the SHA-256 {found}, but {_model.Path}:Sha256 is {sum}. It is another version, or was changed.");
            }

            File.Move(part, cached, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }

        return cached;
    }

    private static string SumOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
