using ModelJobs.Contracts;

namespace ModelJobs.Functions.Messaging;

/// <summary>The queues, as infra/servicebus.json defines them.</summary>
internal static class Queues
{
    /// <summary>Name of the app setting that holds the Service Bus connection.</summary>
    public const string Connection = "ServiceBus";

    /// <summary>Chunks without order: competing consumers.</summary>
    public const string Chunks = "chunks";

    /// <summary>Chunks without order of small jobs and of those that come before others: they do not wait behind the chunks of large jobs.</summary>
    public const string ExpressChunks = "chunks-express";

    /// <summary>Chunks of lanes. Session: <c>{job}/{lane}</c>.</summary>
    public const string OrderedChunks = "chunks-ordered";

    /// <summary>Chunks of models that external workers run: competing consumers in any language.</summary>
    public const string ExternalChunks = "chunks-external";

    /// <summary>Answers. Session: <c>{job}/{page}</c>; correlation id: the chunk.</summary>
    public const string Results = "results";

    /// <summary>What failed for good and waits for a person. Session: the job.</summary>
    public const string Parked = "parked";

    /// <summary>Suffix of a queue's dead-letter queue.</summary>
    public const string DeadLetter = "/$DeadLetterQueue";

    /// <summary>The queues that the app sends to.</summary>
    public static readonly string[] Sent = [Chunks, ExpressChunks, OrderedChunks, ExternalChunks, Results, Parked];

    /// <summary>The queue of a chunk that the app runs itself.</summary>
    public static string Of(ChunkMessage chunk) => chunk.Lane is not null ? OrderedChunks : WithoutOrder(chunk.Express);

    /// <summary>The queue of chunks without a lane that the app runs itself.</summary>
    public static string WithoutOrder(bool express) => express ? ExpressChunks : Chunks;

    /// <summary>The reply session of a page.</summary>
    public static string PageSession(string job, int page) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{job}/{page}");

    /// <summary>The session of a lane.</summary>
    public static string LaneSession(string job, int lane) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{job}/{lane}");
}
