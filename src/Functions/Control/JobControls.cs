using System.Collections.Concurrent;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Control;

/// <summary>Reads and changes the controls of jobs. What an instance has read of a job holds for <see cref="MaxAge"/>.</summary>
internal sealed class JobControls(JobBlobs blobs, TimeProvider time)
{
    /// <summary>How long a change may go unseen.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(2);

    /// <summary>Jobs whose control is remembered; far more than an instance works on at once.</summary>
    private const int MaxRemembered = 10_000;
    private const int MaxTries = 20;
    private const int NotFound = 404;
    private const int Conflict = 409;
    private const int PreconditionFailed = 412;

    private readonly ConcurrentDictionary<string, Reading> _readings = new(StringComparer.Ordinal);

    /// <summary>A job's control, as it was at most <see cref="MaxAge"/> ago.</summary>
    public async ValueTask<JobControl> GetAsync(string job, CancellationToken cancellationToken)
    {
        if (_readings.TryGetValue(job, out var reading) && time.GetElapsedTime(reading.At) < MaxAge)
        {
            return await reading.Control.WaitAsync(cancellationToken);
        }

        // One reader for all that ask at once; whoever gives up must not take the reading away from the others.
        MakeRoom();
        var started = new Reading(time.GetTimestamp(), new Lazy<Task<JobControl>>(() => ReadAsync(job, CancellationToken.None)));
        var current = reading is null ? _readings.GetOrAdd(job, started) : _readings.TryUpdate(job, started, reading) ? started : _readings.GetOrAdd(job, started);
        try
        {
            return await current.Control.WaitAsync(cancellationToken);
        }
        catch (Exception) when (current.Control.IsFaulted)
        {
            _readings.TryRemove(KeyValuePair.Create(job, current));
            throw;
        }
    }

    /// <summary>A job's control for work that was sent in some epoch: what was read before that epoch began says nothing about it.</summary>
    public async ValueTask<JobControl> GetAsync(string job, int epoch, CancellationToken cancellationToken)
    {
        var control = await GetAsync(job, cancellationToken);
        if (control.Epoch >= epoch)
        {
            return control;
        }

        _readings.TryRemove(job, out _);
        return await GetAsync(job, cancellationToken);
    }

    /// <summary>Says that a job has come into being here and now, so that there is nothing to read yet.</summary>
    public void Begin(string job)
    {
        MakeRoom();
        _readings.TryAdd(job, new Reading(time.GetTimestamp(), new Lazy<Task<JobControl>>(Task.FromResult(JobControl.Initial))));
    }

    /// <summary>A job's control as it is now.</summary>
    public async Task<JobControl> ReadAsync(string job, CancellationToken cancellationToken) => (await ReadWithTagAsync(job, cancellationToken)).Control;

    /// <summary>Changes a job's control. Of changes made at once each sees the one before.</summary>
    /// <param name="job">The job.</param>
    /// <param name="change">Gives the control to change to, or null where there is nothing to change.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The control that holds now.</returns>
    public async Task<JobControl> ChangeAsync(string job, Func<JobControl, JobControl?> change, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var (control, tag) = await ReadWithTagAsync(job, cancellationToken);
            if (change(control) is not { } changed)
            {
                return control;
            }

            try
            {
                var condition = tag is { } known ? new BlobRequestConditions { IfMatch = known } : new BlobRequestConditions { IfNoneMatch = ETag.All };
                var body = BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(changed, JobControlJson.Default.JobControl));
                await blobs.Blob(JobBlobs.Control(job)).UploadAsync(body.ToStream(), new BlobUploadOptions { Conditions = condition }, cancellationToken);
                _readings.TryRemove(job, out _);
                return changed;
            }
            catch (RequestFailedException overtaken) when (overtaken.Status is Conflict or PreconditionFailed && tries < MaxTries)
            {
                // Somebody else has changed it since it was read: look again.
            }
        }
    }

    private void MakeRoom()
    {
        if (_readings.Count >= MaxRemembered)
        {
            _readings.Clear();
        }
    }

    private async Task<(JobControl Control, ETag? Tag)> ReadWithTagAsync(string job, CancellationToken cancellationToken)
    {
        try
        {
            var content = (await blobs.Blob(JobBlobs.Control(job)).DownloadContentAsync(cancellationToken)).Value;
            var control = JsonSerializer.Deserialize(content.Content.ToMemory().Span, JobControlJson.Default.JobControl)
                ?? throw new InvalidDataException($"The control of job {job} is empty.");
            return (control, content.Details.ETag);
        }
        catch (RequestFailedException absent) when (absent.Status == NotFound)
        {
            return (JobControl.Initial, null);
        }
    }

    private sealed class Reading(long at, Lazy<Task<JobControl>> control)
    {
        public long At => at;

        public Task<JobControl> Control => control.Value;
    }
}
