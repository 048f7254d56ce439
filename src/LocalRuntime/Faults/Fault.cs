namespace ModelJobs.LocalRuntime.Faults;

/// <summary>A fault that struck.</summary>
/// <param name="Number">How many there were up to it, itself included.</param>
/// <param name="Kind">What went wrong.</param>
/// <param name="Subject">On what, as <c>chunks/job-…/0/3#1</c>.</param>
internal sealed record Fault(int Number, FaultKind Kind, string Subject);
