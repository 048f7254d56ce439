namespace ModelJobs.Contracts;

/// <summary>What the app and external workers agree on beside the bodies of messages. docs/message-contract.md says it in words.</summary>
public static class WorkerContract
{
    /// <summary>
    /// Version of the contract. Members may be added to bodies within a version; whatever a worker written for it could misread makes
    /// a new one.
    /// </summary>
    public const int Version = 1;

    /// <summary>Application property of a chunk's message that carries <see cref="Version"/>, as an integer.</summary>
    public const string VersionProperty = "modeljobs-contract";

    /// <summary>Most bytes of an answer that travels inline: what Service Bus Standard takes.</summary>
    public const int MaxInlineBytes = 256 * 1024;

    /// <summary>Most bytes of an answer that lies in a blob.</summary>
    public const int MaxBlobBytes = 64 * 1024 * 1024;

    /// <summary>Most characters that a worker adds to <see cref="ChunkMessage.AnswerBlob"/>: letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.</summary>
    public const int MaxBlobSuffixLength = 128;

    /// <summary>Most characters of an item's error code; at least one.</summary>
    public const int MaxErrorCodeLength = 64;

    /// <summary>Characters of an item's error message that are kept.</summary>
    public const int MaxErrorMessageLength = 2000;
}
