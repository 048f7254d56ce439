namespace ModelJobs.Cli.Client;

/// <summary>Which of a job's two NDJSON streams.</summary>
internal enum ItemLines
{
    /// <summary>Items that succeeded.</summary>
    Results,

    /// <summary>Items that failed.</summary>
    Errors,
}
