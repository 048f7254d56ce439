namespace ModelJobs.LocalRuntime.Engine;

/// <summary>The app has no function of that name; no retry helps.</summary>
internal sealed class FunctionNotFoundException(string message) : InvalidOperationException(message);
