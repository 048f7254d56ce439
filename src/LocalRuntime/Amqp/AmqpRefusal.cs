namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>Something that a client may not do, with the error condition that it is told.</summary>
/// <param name="condition">One of <see cref="AmqpConditions"/>.</param>
/// <param name="message">What is wrong and what to do; clients show it to their users.</param>
internal sealed class AmqpRefusal(string condition, string message) : Exception(message)
{
    public string Condition { get; } = condition;
}
