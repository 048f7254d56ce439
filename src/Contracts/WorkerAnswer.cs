using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>
/// The body of a message on <c>results</c> as an external worker may write it: a <see cref="ResultMessage"/> of which only what the
/// worker alone knows is required. Which chunk answers is the message's correlation id. Either <see cref="Results"/> or
/// <see cref="Blob"/> is present. docs/message-contract.md is its specification.
/// </summary>
public sealed record WorkerAnswer
{
    /// <summary>Which chunk answers, if the worker repeats it.</summary>
    public ChunkId? Id { get; init; }

    /// <summary>One result per item of the chunk, in any order, inline.</summary>
    public IReadOnlyList<WorkerResult>? Results { get; init; }

    /// <summary>Where the results lie as NDJSON lines of <see cref="WorkerResult"/>; its name begins with the chunk's <see cref="ChunkMessage.AnswerBlob"/>.</summary>
    public BlobRange? Blob { get; init; }
}

/// <summary>What an external worker says of one item. Id, key and meta are taken from the stored input, whatever the worker says.</summary>
public sealed record WorkerResult
{
    /// <summary>The item's index, as in the chunk.</summary>
    public required long Index { get; init; }

    /// <summary><c>succeeded</c> or <c>failed</c>; may be left out, since output or error say it.</summary>
    public string? Status { get; init; }

    /// <summary>What the model answered; present if the item succeeded.</summary>
    [JsonConverter(typeof(NullIsAValueConverter))]
    public JsonElement? Output { get; init; }

    /// <summary>Why the item failed; present if it did.</summary>
    public JobError? Error { get; init; }

    /// <summary>How often the model was asked; once if absent.</summary>
    public int? Attempts { get; init; }
}
