namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>The runtime cannot start as it is configured or installed. The message says what to change.</summary>
public sealed class LocalRuntimeException : Exception
{
    public LocalRuntimeException(string message)
        : base(message)
    {
    }

    public LocalRuntimeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
