using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>The JSON body of <c>POST /api/jobs</c>. An NDJSON body carries only items; model and options then travel in the query.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record JobRequest
{
    /// <summary>Name of a configured model (<c>Models:{name}:Runner</c>). Never a path or a URL.</summary>
    public required string Model { get; init; }

    /// <summary>The items, in the order in which their results are wanted. At least one.</summary>
    public required IReadOnlyList<Item> Items { get; init; }

    /// <summary>How to run the job; every option has a default.</summary>
    public JobOptions Options { get; init; } = new();
}

/// <summary>Options of a job. As query parameters they have the same names: <c>?orderByKey=true&amp;chunkItems=50</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record JobOptions
{
    /// <summary>Process items of one key one at a time and in input order. Items without a key stay unordered.</summary>
    public bool OrderByKey { get; init; }

    /// <summary>Most items in one chunk, 1 to <see cref="JobLimits.MaxChunkItems"/>; <see cref="JobLimits.DefaultChunkItems"/> if absent.</summary>
    public int? ChunkItems { get; init; }

    /// <summary>Most chunks of this job that run at the same time, over all instances, 1 to <see cref="JobLimits.MaxConcurrency"/>; unlimited if absent.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>How the job stands against the others on its model; shown only where it is not normal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public JobPriority Priority { get; init; }

    /// <summary>What an item that failed for good does to the later items of its key. Asks for <see cref="OrderByKey"/> unless it is <see cref="FailureAction.Continue"/>.</summary>
    public FailureAction OnFailure { get; init; }

    /// <summary>How many items may fail before the job is ended early; any number if absent.</summary>
    public Tolerance? Tolerate { get; init; }

    /// <summary>How long the job may take, from when it was accepted or redriven; for ever if absent. At most <see cref="JobLimits.MaxDeadline"/>.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Deadline { get; init; }

    /// <summary>How long the job is kept after its end; as long as the app is set to if absent. At most <see cref="JobLimits.MaxRetention"/>.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Retention { get; init; }

    /// <summary>
    /// Address that is told when a round of the job has ended, as an absolute https URL of at most <see cref="JobLimits.MaxWebhookLength"/>
    /// characters; nobody is told if absent. Answers show its host alone, since the rest may be a secret of the receiver.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Webhook { get; init; }
}

/// <summary>How a job stands against others on the same model.</summary>
[JsonConverter(typeof(ChoiceConverter<JobPriority>))]
public enum JobPriority
{
    /// <summary>As most jobs.</summary>
    [JsonStringEnumMemberName("normal")]
    Normal,

    /// <summary>The others come first: a quarter of the turns of a normal job, and no short way for a small one.</summary>
    [JsonStringEnumMemberName("low")]
    Low,

    /// <summary>Before the others: four times the turns of a normal job, and the short way whatever its size.</summary>
    [JsonStringEnumMemberName("high")]
    High,
}

/// <summary>What an item that failed for good does to the later items of its key.</summary>
[JsonConverter(typeof(ChoiceConverter<FailureAction>))]
public enum FailureAction
{
    /// <summary>Nothing: they run.</summary>
    [JsonStringEnumMemberName("continue")]
    Continue,

    /// <summary>They are skipped, and reported as canceled with the code <c>key_stopped</c>.</summary>
    [JsonStringEnumMemberName("stopLane")]
    StopLane,
}

/// <summary>One input line.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Item
{
    /// <summary>The caller's name for the item, echoed in its result line; the 1-based line number if absent. A JSON string or integer.</summary>
    [JsonConverter(typeof(StringOrIntegerConverter))]
    public string? Id { get; init; }

    /// <summary>Items with the same key keep their order in a job with <see cref="JobOptions.OrderByKey"/>. A JSON string or integer.</summary>
    [JsonConverter(typeof(StringOrIntegerConverter))]
    public string? Key { get; init; }

    /// <summary>What the model runs on; its shape is the runner's business.</summary>
    public required System.Text.Json.JsonElement Input { get; init; }

    /// <summary>Anything the caller wants back beside the output (a label, a row id). Never shown to the model.</summary>
    [JsonConverter(typeof(NullIsAValueConverter))]
    public System.Text.Json.JsonElement? Meta { get; init; }
}
