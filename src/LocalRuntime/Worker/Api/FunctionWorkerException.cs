namespace Microsoft.Azure.Functions.Worker;

/// <summary>A function cannot be registered or started as it is declared.</summary>
public class FunctionWorkerException : Exception
{
    public FunctionWorkerException(string message)
        : base(message)
    {
    }

    public FunctionWorkerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
