namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>The model refused a batch, or answered it with something that is not an answer per item.</summary>
internal sealed class ModelException(string message, Exception? innerException = null) : Exception(message, innerException);
