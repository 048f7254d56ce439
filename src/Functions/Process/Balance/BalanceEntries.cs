using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Storage.Blobs.Models;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Process.Balance;

/// <summary>What an instance said last of its use of a model.</summary>
/// <param name="Instance">Names the instance, and the time since when it has used the model without a longer pause.</param>
/// <param name="At">When it said so.</param>
/// <param name="State">The state of its limiter.</param>
internal sealed record BalanceEntry(string Instance, DateTimeOffset At, LimiterSnapshot State);

/// <summary>The entries in storage: empty blobs that carry theirs as metadata, so that one listing reads them all.</summary>
internal sealed class BalanceEntries(JobBlobs blobs, TimeProvider time)
{
    private const string At = "at";
    private const string State = "state";

    /// <summary>Most entries of a model that are read: more instances than any plan has.</summary>
    private const int MaxEntries = 2000;

    /// <summary>Most entries that one sweep looks at.</summary>
    private const int MaxSwept = 5000;

    /// <summary>How long an entry lies that its instance has not taken away.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    /// <summary>All entries of a model, old ones among them; without those that cannot be read.</summary>
    public async Task<IReadOnlyList<BalanceEntry>> ReadAsync(string model, CancellationToken cancellationToken) =>
        await blobs.ListAsync(JobBlobs.Balance(model), cancellationToken).Take(MaxEntries).Select(EntryOf).OfType<BalanceEntry>().ToListAsync(cancellationToken);

    /// <summary>Stores an entry in place of the instance's last one.</summary>
    public async Task WriteAsync(string model, BalanceEntry entry, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Metadata = new Dictionary<string, string>
            {
                [At] = entry.At.ToString("O", CultureInfo.InvariantCulture),
                [State] = JsonSerializer.Serialize(entry.State, BalanceJson.Default.LimiterSnapshot),
            },
        };
        await blobs.Blob(JobBlobs.Balance(model) + entry.Instance).UploadAsync(Stream.Null, options, cancellationToken);
    }

    /// <summary>Removes an instance's entry.</summary>
    public Task DeleteAsync(string model, string instance, CancellationToken cancellationToken) =>
        blobs.Blob(JobBlobs.Balance(model) + instance).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    /// <summary>Removes the entries of instances that are gone.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var oldest = time.GetUtcNow() - Kept;
        await foreach (var blob in blobs.ListAsync(JobBlobs.Balances, cancellationToken).Take(MaxSwept).WithCancellation(cancellationToken))
        {
            if (EntryOf(blob) is not { } entry || entry.At < oldest)
            {
                await blobs.Blob(blob.Name).DeleteIfExistsAsync(cancellationToken: cancellationToken);
            }
        }
    }

    private static BalanceEntry? EntryOf(BlobItem blob)
    {
        try
        {
            return blob.Metadata.TryGetValue(At, out var text)
                && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var at)
                && blob.Metadata.TryGetValue(State, out var json)
                && JsonSerializer.Deserialize(json, BalanceJson.Default.LimiterSnapshot) is { } state
                ? new BalanceEntry(blob.Name[(blob.Name.LastIndexOf('/') + 1)..], at, state)
                : null;
        }
        catch (JsonException)
        {
            // Of a version with other members.
            return null;
        }
    }
}

/// <summary>Source-generated JSON of entries.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LimiterSnapshot))]
internal sealed partial class BalanceJson : JsonSerializerContext;
