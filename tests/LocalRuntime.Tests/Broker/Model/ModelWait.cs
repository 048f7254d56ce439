namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>A receiver that waits for one message.</summary>
internal sealed class ModelWait(string queue, DateTimeOffset until)
{
    public string Queue { get; } = queue;

    public DateTimeOffset Until { get; } = until;

    public bool IsOpen { get; private set; } = true;

    /// <summary>What it got; empty if nothing came in time.</summary>
    public List<(ModelMessage Seen, ModelHandle? Handle)> Result { get; private set; } = [];

    public void Serve(List<(ModelMessage Seen, ModelHandle? Handle)> result)
    {
        Result = result;
        IsOpen = false;
    }

    public void TimeOut(DateTimeOffset now) => IsOpen &= Until > now;
}
