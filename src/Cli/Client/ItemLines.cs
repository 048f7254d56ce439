namespace ModelJobs.Cli.Client;

/// <summary>Which of a job's NDJSON streams.</summary>
internal enum ItemLines
{
    /// <summary>Items that succeeded.</summary>
    Results,

    /// <summary>Items that did not succeed.</summary>
    Errors,

    /// <summary>Those of them that can be redriven or discarded.</summary>
    Parked,
}
