using System.Collections.Concurrent;
using System.Text.Json;
using Azure;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Telemetry;

/// <summary>Which model a job was submitted for, for metrics of steps that are not told: one read of a job's manifest for each instance of the app.</summary>
internal sealed class JobModels(JobBlobs blobs)
{
    /// <summary>Jobs that are remembered; with more, all are forgotten.</summary>
    private const int MaxJobs = 1000;

    private readonly ConcurrentDictionary<string, string> _models = new(StringComparer.Ordinal);

    /// <summary>The job's model. A redrive may run items on another: their lines count for this one.</summary>
    /// <returns>Null if it cannot be found out: what is measured must not keep a job from going on.</returns>
    public async ValueTask<string?> OfAsync(string job, CancellationToken cancellationToken)
    {
        if (_models.TryGetValue(job, out var known))
        {
            return known;
        }

        JobManifest? manifest;
        try
        {
            var content = await blobs.Blob(JobBlobs.Manifest(job)).DownloadContentAsync(cancellationToken);
            manifest = JsonSerializer.Deserialize(content.Value.Content.ToMemory().Span, ManifestJson.Default.JobManifest);
        }
        catch (RequestFailedException)
        {
            return null;
        }

        if (manifest is null)
        {
            return null;
        }

        if (_models.Count >= MaxJobs)
        {
            _models.Clear();
        }

        return _models[job] = manifest.Model;
    }
}
