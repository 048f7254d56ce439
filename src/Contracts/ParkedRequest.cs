using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>
/// The JSON body of <c>POST /api/jobs/{id}/redrive</c> and <c>/discard</c>: which of the job's parked items. Without a body, or with none
/// of the lists, all of them; with several lists, those that are in each.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public record ParkedSelection
{
    /// <summary>Error codes of the items, at most <see cref="JobLimits.MaxListedItems"/>.</summary>
    public IReadOnlyList<string>? Codes { get; init; }

    /// <summary>Ids of the items, at most <see cref="JobLimits.MaxListedItems"/>.</summary>
    public IReadOnlyList<string>? Ids { get; init; }
}

/// <summary>The JSON body of <c>POST /api/jobs/{id}/redrive</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RedriveRequest : ParkedSelection
{
    /// <summary>Name of another model to run them on; the job's if absent.</summary>
    public string? Model { get; init; }

    /// <summary>Options instead of the job's; those if absent. Whether the job is ordered by key cannot be changed.</summary>
    public JobOptions? Options { get; init; }
}
