using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Plan;

/// <summary>A page's place in the input. Stored at a fixed width, so that page n is read with one range request.</summary>
/// <param name="Page">Number of the page, 0-based.</param>
/// <param name="Offset">First byte in the input.</param>
/// <param name="Bytes">Length in the input.</param>
/// <param name="FirstIndex">Index of the first item.</param>
/// <param name="Items">Number of items.</param>
internal sealed record PagePlan(int Page, long Offset, int Bytes, long FirstIndex, int Items)
{
    /// <summary>Bytes of a stored plan, its line feed included.</summary>
    public const int Width = 128;

    /// <summary>The stored form: a line of JSON, padded with spaces.</summary>
    public byte[] ToLine()
    {
        var line = new byte[Width];
        line.AsSpan().Fill((byte)' ');
        line[^1] = (byte)'\n';
        var json = JsonSerializer.SerializeToUtf8Bytes(this, PagePlanJson.Default.PagePlan);
        json.CopyTo(line.AsSpan(0, Width - 1));
        return line;
    }

    /// <summary>A page of a job's plan: of the one that travels with the job, if it is short, or else of the stored one.</summary>
    public static async ValueTask<PagePlan> FindAsync(
        JobBlobs blobs, string job, int page, IReadOnlyList<PagePlan>? pages, CancellationToken cancellationToken) =>
        pages is null ? await ReadAsync(blobs, job, page, cancellationToken) : pages[page];

    /// <summary>Stores a plan that travels with the job, for those who come after its orchestration; with its first page, once is enough.</summary>
    public static Task StoreFirstAsync(JobBlobs blobs, string job, int page, IReadOnlyList<PagePlan>? pages, CancellationToken cancellationToken) =>
        pages is null || page > 0 ? Task.CompletedTask : StoreAsync(blobs, job, pages, cancellationToken);

    /// <summary>Stores a job's plan at once, so that a repeated call never leaves one that is half there.</summary>
    public static async Task StoreAsync(JobBlobs blobs, string job, IEnumerable<PagePlan> pages, CancellationToken cancellationToken)
    {
        using var plan = new MemoryStream();
        foreach (var page in pages)
        {
            plan.Write(page.ToLine());
        }

        plan.Position = 0;
        await blobs.Blob(JobBlobs.Plan(job)).UploadAsync(plan, cancellationToken: cancellationToken);
    }

    /// <summary>Reads page <paramref name="page"/> of a job's plan.</summary>
    public static async Task<PagePlan> ReadAsync(JobBlobs blobs, string job, int page, CancellationToken cancellationToken)
    {
        var line = await blobs.ReadAsync(JobBlobs.Plan(job), (long)page * Width, Width, cancellationToken);
        return JsonSerializer.Deserialize(line.Span, PagePlanJson.Default.PagePlan)
            ?? throw new InvalidDataException($"Plan of page {page} of job {job} is empty: {Encoding.UTF8.GetString(line.Span)}");
    }
}

/// <summary>Source-generated JSON of plans.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PagePlan))]
internal sealed partial class PagePlanJson : JsonSerializerContext;
