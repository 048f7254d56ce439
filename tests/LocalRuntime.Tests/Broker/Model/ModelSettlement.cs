namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>What becomes of a message that was received.</summary>
internal enum ModelSettlement
{
    Complete,
    Abandon,
    Defer,
    DeadLetter,
}
