using ModelJobs.Functions.Process.Runners.Onnx;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>
/// Runs an ONNX model: all items of a chunk as one batched tensor, on one session that all chunks share.
/// </summary>
/// <remarks>
/// <para>Inputs and outputs are the model's own. An item's input is an object <c>{"name": array}</c>, or the array alone if the model has
/// one input; the array is flat or nested like the input's dimensions. The output is an object <c>{"name": value}</c>: a scalar where
/// the model's output is <c>[N]</c>, nested arrays where it is <c>[N, ...]</c>.</para>
/// <para>The first dimension of every input and output is the batch. Where it is dynamic, items run together: those of one shape in one
/// batch, if other dimensions are dynamic too. Where the model fixes it to 1, items run one by one.</para>
/// <para>An item whose input does not fit fails alone with <c>invalid_input</c>. An item that the model itself refuses fails alone with
/// <c>model_error</c>, for good: the same input meets the same error again. NaN and infinities travel as the strings "NaN", "Infinity" and
/// "-Infinity".</para>
/// </remarks>
public sealed class OnnxRunner : IModelRunner, IDisposable
{
    private readonly OnnxModel _model;

    /// <summary>Loads a model.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="options">How to run it.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, or one that this version of ONNX Runtime cannot load.</exception>
    /// <exception cref="NotSupportedException">The model's inputs or outputs cannot be mapped to items.</exception>
    public OnnxRunner(string path, OnnxRunnerOptions? options = null)
    {
        _model = new OnnxModel(path, options ?? new OnnxRunnerOptions());
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The runner has been disposed.</exception>
    public Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken) =>
        // The model computes on the calling thread, which may be one that has other chunks to start.
        Task.Run<IReadOnlyList<ItemOutcome>>(() => Run(items, cancellationToken), cancellationToken);

    /// <summary>Waits for runs that are under way, then frees the model.</summary>
    public void Dispose() => _model.Dispose();

    private ItemOutcome[] Run(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
    {
        var outcomes = new ItemOutcome[items.Count];
        var fitting = new List<FittedItem>(items.Count);
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (FittedItem.TryFit(items[i].Item.Input, i, _model.Inputs, out var item, out var problem))
                fitting.Add(item);
            else
                outcomes[i] = InvalidInput(problem);
        }

        foreach (var alike in fitting.GroupBy(item => item.ShapeKey))
        {
            foreach (var batch in alike.Chunk(_model.MaxBatchItems))
                RunBatch(batch, outcomes, cancellationToken);
        }

        return outcomes;
    }

    private void RunBatch(FittedItem[] items, ItemOutcome[] outcomes, CancellationToken cancellationToken)
    {
        using var batch = new Batch(_model.Inputs, items[0].Shapes, items.Length);
        var accepted = new List<FittedItem>(items.Length);
        foreach (var item in items)
        {
            if (batch.TryAdd(item, out var problem))
                accepted.Add(item);
            else
                outcomes[item.Position] = InvalidInput(problem);
        }

        if (accepted.Count == 0)
            return;
        try
        {
            var outputs = _model.Run(batch, cancellationToken);
            for (var i = 0; i < accepted.Count; i++)
                outcomes[accepted[i].Position] = outputs[i];
        }
        catch (ModelException) when (accepted.Count > 1)
        {
            // Some item in it fails the whole batch, an index out of range for example: find it, and let the others have their result.
            foreach (var item in accepted)
                RunBatch([item], outcomes, cancellationToken);
        }
        catch (ModelException exception)
        {
            outcomes[accepted[0].Position] = ItemOutcome.Permanent("model_error", exception.Message);
        }
    }

    private static ItemOutcome InvalidInput(string problem) => ItemOutcome.Permanent("invalid_input", problem);
}
