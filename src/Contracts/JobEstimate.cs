namespace ModelJobs.Contracts;

/// <summary>
/// What a job would take, as <c>POST /api/jobs?dryRun=true</c> answers: counted from its input by the formulas of docs/costs.md, for a job
/// none of whose items fails and whose model keeps up. Nothing is stored and nothing is run.
/// </summary>
public sealed record JobEstimate
{
    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Options, defaults filled in.</summary>
    public required JobOptions Options { get; init; }

    /// <summary>Number of items.</summary>
    public required long Items { get; init; }

    /// <summary>Bytes of the input as it would be stored.</summary>
    public required long Bytes { get; init; }

    /// <summary>Number of pages.</summary>
    public required long Pages { get; init; }

    /// <summary>Number of chunks: messages to workers.</summary>
    public required long Chunks { get; init; }

    /// <summary>Calls of Service Bus.</summary>
    public required ServiceBusEstimate ServiceBus { get; init; }

    /// <summary>Calls of the storage account.</summary>
    public required StorageEstimate Storage { get; init; }

    /// <summary>What Durable Functions keeps.</summary>
    public required DurableEstimate Durable { get; init; }

    /// <summary>Runs of functions: the submission, each chunk, each activity and each turn of an orchestrator.</summary>
    public required long Executions { get; init; }

    /// <summary>Tokens of a model that counts them; null for other models.</summary>
    public TokenCounts? Tokens { get; init; }

    /// <summary>What the counts cost; null where no price is set.</summary>
    public CostEstimate? Cost { get; init; }
}

/// <summary>Operations of Service Bus, each message of a batch counted as one, and one that is larger than 64 KB as more.</summary>
/// <param name="ChunkMessages">Messages to workers.</param>
/// <param name="ResultMessages">Messages with their answers.</param>
/// <param name="Batches">Calls that the chunks are sent in.</param>
/// <param name="Sent">Operations to send all messages.</param>
/// <param name="Received">Operations to receive them.</param>
/// <param name="Completed">Operations to complete them.</param>
/// <param name="Sessions">Operations on sessions: accepted, looked into, renewed, and their states.</param>
public sealed record ServiceBusEstimate(
    long ChunkMessages, long ResultMessages, long Batches, long Sent, long Received, long Completed, long Sessions)
{
    /// <summary>All operations.</summary>
    public long Operations => Sent + Received + Completed + Sessions;
}

/// <summary>Transactions of the storage account of the jobs, as they are priced.</summary>
/// <param name="Writes">Blobs and blocks written, block lists committed, blobs listed.</param>
/// <param name="Reads">Everything else.</param>
public sealed record StorageEstimate(long Writes, long Reads)
{
    /// <summary>All transactions.</summary>
    public long Transactions => Writes + Reads;
}

/// <summary>What orchestrations do.</summary>
/// <param name="Orchestrations">The job and its pages.</param>
/// <param name="Activities">Activities that they call.</param>
/// <param name="HistoryEvents">Events in their histories, those that mark turns left out.</param>
public sealed record DurableEstimate(long Orchestrations, long Activities, long HistoryEvents);

/// <summary>Tokens, as guessed from the lengths of texts.</summary>
/// <param name="Input">Tokens sent.</param>
/// <param name="Output">Tokens answered, as many as the request allows; 200 an item where it does not say.</param>
public sealed record TokenCounts(long Input, long Output);

/// <summary>What a job would cost, by the prices of the configuration.</summary>
/// <param name="Currency">Currency of all amounts.</param>
/// <param name="PricesAsOf">From when the prices are; null if nobody said.</param>
/// <param name="Lines">What each count costs; one without a price has no line.</param>
/// <param name="Total">Their sum.</param>
public sealed record CostEstimate(string Currency, string? PricesAsOf, IReadOnlyList<CostLine> Lines, decimal Total);

/// <summary>What one count costs.</summary>
/// <param name="Name">What is counted: <c>serviceBusOperations</c>, <c>storageWrites</c>, and so on.</param>
/// <param name="Count">How many.</param>
/// <param name="PerMillion">Price of a million.</param>
/// <param name="Amount">The product.</param>
public sealed record CostLine(string Name, long Count, decimal PerMillion, decimal Amount);
