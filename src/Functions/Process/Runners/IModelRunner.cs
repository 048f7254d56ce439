namespace ModelJobs.Functions.Process.Runners;

/// <summary>Runs one model. One instance serves all chunks of its model in the process, concurrently.</summary>
public interface IModelRunner
{
    /// <summary>Runs the model on items of a chunk.</summary>
    /// <param name="items">The items to run now: all of the chunk, or those of it that are to be tried again.</param>
    /// <param name="cancellationToken">Ends the run when the job is stopped, the host stops or the function's time is up.</param>
    /// <returns>
    /// One outcome per item, in the order given. A run that is ended may give <see cref="ItemOutcome.Canceled"/> for what it has not done:
    /// what it has done is kept then.
    /// </returns>
    /// <exception cref="OperationCanceledException">The run was ended; nothing of it counts.</exception>
    /// <exception cref="Exception">The chunk as a whole could not be run; every item counts as failed and transient.</exception>
    Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken);
}
