using System.Security.Cryptography;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Submit;

/// <summary>An input as stored.</summary>
/// <param name="Name">Name of the blob.</param>
/// <param name="Items">Number of items.</param>
/// <param name="Bytes">Their bytes as stored.</param>
/// <param name="Fingerprint">SHA-256 of model, options and items, in hex.</param>
/// <param name="Pages">The plan, if it is short; null: the input is to be planned.</param>
internal sealed record StoredInput(string Name, long Items, long Bytes, string Fingerprint, IReadOnlyList<PagePlan>? Pages);

/// <summary>Streams a job's items into its input blob, one <see cref="ChunkItem"/> a line, so that any run of lines can travel as it is.</summary>
internal sealed class InputWriter(JobBlobs blobs, RecentInputs recent)
{
    /// <summary>Stores the items. If anything is wrong with one, nothing stays behind.</summary>
    /// <param name="blobName">Name of a blob that nobody else writes.</param>
    /// <param name="model">Name of the model; part of the fingerprint.</param>
    /// <param name="options">Options of the job; part of the fingerprint.</param>
    /// <param name="items">The items with their line numbers.</param>
    /// <param name="cancellationToken">Ends the upload.</param>
    /// <exception cref="ProblemException">There is no item, or more than the limits allow, or one is malformed.</exception>
    public async Task<StoredInput> WriteAsync(
        string blobName, string model, JobOptions options, IAsyncEnumerable<(long Line, SubmittedItem Item)> items, CancellationToken cancellationToken)
    {
        await blobs.EnsureContainerAsync(cancellationToken);
        await using var upload = new InputUpload(blobs.Blob(blobName), recent);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(new JobRequest { Model = model, Items = [], Options = options }, ContractsJson.Wire.JobRequest));
            var plan = new ShortPlan(options);
            await foreach (var (_, line) in StoredLines.ReadAsync(items, options, cancellationToken))
            {
                plan.Add(line.Length);
                hash.AppendData(line);
                await upload.WriteAsync(line, cancellationToken);
            }

            await upload.CompleteAsync(cancellationToken);
            return new StoredInput(blobName, plan.Items, plan.Bytes, Convert.ToHexStringLower(hash.GetHashAndReset()), plan.Finish());
        }
        catch
        {
            await upload.DiscardAsync();
            throw;
        }
    }

    /// <summary>Removes an input that no job uses.</summary>
    public async Task DeleteAsync(string blobName) => await blobs.Blob(blobName).DeleteIfExistsAsync(cancellationToken: CancellationToken.None);
}
