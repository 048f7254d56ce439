using Microsoft.ML.OnnxRuntime;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>A loaded model: what it declares, and one session that all runs share.</summary>
internal sealed class OnnxModel : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OutputWriter _outputs;

    // Runs hold it for reading, Dispose for writing: freeing a session under a run would crash the process.
    private readonly ReaderWriterLockSlim _gate = new();
    private bool _isDisposed;

    public OnnxModel(string path, OnnxRunnerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.IntraOpThreads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBatchItems, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxOutputElements, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ParallelRuns, 1);
        _session = Load(path, options);
        try
        {
            Inputs = [.. _session.InputNames.Select(name => new TensorSpec(name, _session.InputMetadata[name]))];
            TensorSpec[] outputs = [.. _session.OutputNames.Select(name => new TensorSpec(name, _session.OutputMetadata[name]))];
            if (Inputs.FirstOrDefault(input => !input.IsBatched && !input.IsSingle) is { } input)
                throw new NotSupportedException($"{input} has no batch: its first dimension must be dynamic, or 1. Export the model so.");
            MaxBatchItems = Inputs.Concat(outputs).Any(tensor => tensor.IsSingle) ? 1 : options.MaxBatchItems;
            _outputs = new OutputWriter(outputs, options.MaxOutputElements);
        }
        catch (NotSupportedException exception)
        {
            _session.Dispose();
            throw new NotSupportedException($"The model '{path}' cannot be run on items: {exception.Message}", exception);
        }
    }

    /// <summary>The model's inputs, in its order.</summary>
    public IReadOnlyList<TensorSpec> Inputs { get; }

    /// <summary>Most items of one run: 1 if the model fixes its batch to that.</summary>
    public int MaxBatchItems { get; }

    /// <summary>Runs the model on the calling thread.</summary>
    /// <returns>One outcome per item of the batch.</returns>
    /// <exception cref="ModelException">The model failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, before the run or in it.</exception>
    public ItemOutcome[] Run(Batch batch, CancellationToken cancellationToken)
    {
        _gate.EnterReadLock();
        var tensors = new List<OrtValue>(Inputs.Count);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(OnnxRunner));
            cancellationToken.ThrowIfCancellationRequested();
            tensors.AddRange(batch.ToTensors());
            // A failed run is thrown and ends in the item's error; ONNX Runtime would write it to stderr as well.
            using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            using var cancellation = cancellationToken.Register(() => run.Terminate = true);
            using var outputs = _session.Run(run, _session.InputNames, tensors, _session.OutputNames);
            return _outputs.Write(outputs, batch.Count);
        }
        catch (OnnxRuntimeException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ModelException(exception.Message, exception);
        }
        finally
        {
            tensors.ForEach(tensor => tensor.Dispose());
            _gate.ExitReadLock();
        }
    }

    /// <summary>Runs an item of zeros, with 1 for each dimension that items decide, so that the first chunk does not wait for what a first run prepares.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void WarmUp(CancellationToken cancellationToken)
    {
        ItemShape[] shapes =
        [
            .. Inputs.Select(input => input.ItemDimensions.Select(size => size == TensorSpec.Dynamic ? 1 : size).ToArray()).Select(sizes => new ItemShape(sizes, sizes)),
        ];
        using var batch = new Batch(Inputs, shapes, capacity: 1);
        batch.AddZeros();
        try
        {
            Run(batch, cancellationToken);
        }
        catch (ModelException)
        {
            // The model does not take zeros, or not of these sizes. It is loaded, which is most of the work.
        }
    }

    public void Dispose()
    {
        _gate.EnterWriteLock();
        try
        {
            if (!_isDisposed)
                _session.Dispose();
            _isDisposed = true;
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    /// <summary>A session as the app runs models on.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, or one that this version of ONNX Runtime cannot load.</exception>
    public static InferenceSession Load(string path, OnnxRunnerOptions options)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no model file '{path}'.", path);

        using var session = new SessionOptions { IntraOpNumThreads = options.IntraOpThreads };
        // Idle threads would spin for the next run and take the processor from the other chunks of the instance.
        session.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        try
        {
            return new InferenceSession(path, session);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InvalidDataException(
                $"'{path}' is not an ONNX model that this version of ONNX Runtime can load: {exception.Message}", exception);
        }
    }
}
