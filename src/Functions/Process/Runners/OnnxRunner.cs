using ModelJobs.Functions.Process.Runners.Onnx;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>
/// Runs an ONNX model: the items of a chunk, and of those that wait with it, as one batched tensor, on one session that all chunks share.
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
public sealed class OnnxRunner : IModelRunner, IWarmRunner, IDisposable
{
    private readonly OnnxModel _model;
    private readonly BatchQueue _queue;

    /// <summary>Loads a model.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="time">The clock of <see cref="OnnxRunnerOptions.MaxBatchDelay"/>; the system's if null.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, or one that this version of ONNX Runtime cannot load.</exception>
    /// <exception cref="NotSupportedException">The model's inputs or outputs cannot be mapped to items.</exception>
    public OnnxRunner(string path, OnnxRunnerOptions? options = null, TimeProvider? time = null)
    {
        options ??= new OnnxRunnerOptions();
        _model = new OnnxModel(path, options);
        _queue = new BatchQueue(_model, options, time ?? TimeProvider.System);
    }

    /// <summary>Runs of the model that were started; chunks can share one.</summary>
    public long Runs => _queue.Runs;

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The runner has been disposed.</exception>
    public Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken) =>
        // Looking through the items takes its time too, on a thread that may have other chunks to start.
        Task.Run<IReadOnlyList<ItemOutcome>>(async () => await _queue.RunAsync(items, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task WarmUpAsync(CancellationToken cancellationToken) => Task.Run(() => _model.WarmUp(cancellationToken), cancellationToken);

    /// <summary>Waits for runs that are under way, then frees the model.</summary>
    public void Dispose()
    {
        _queue.Dispose();
        _model.Dispose();
    }
}
