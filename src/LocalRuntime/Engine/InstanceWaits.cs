namespace ModelJobs.LocalRuntime.Engine;

/// <summary>What a client can wait for.</summary>
internal enum InstanceMilestone
{
    Started,
    Completed,
}

/// <summary>Clients that wait for instances; they are told, they do not poll. The caller serializes access.</summary>
internal sealed class InstanceWaits
{
    private readonly Dictionary<(string InstanceId, InstanceMilestone Milestone), TaskCompletionSource<Instance>> _waits = [];

    /// <returns>The instance once it is there; it may have been purged or replaced since.</returns>
    public Task<Instance> For(Instance instance, InstanceMilestone milestone)
    {
        if (HasReached(instance, milestone))
        {
            return Task.FromResult(instance);
        }

        var key = (instance.Id, milestone);
        if (!_waits.TryGetValue(key, out var wait))
        {
            wait = new TaskCompletionSource<Instance>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add(key, wait);
        }

        return wait.Task;
    }

    /// <summary>An instance has changed.</summary>
    public void Notify(Instance instance)
    {
        if (_waits.Count == 0)
        {
            return;
        }

        foreach (var milestone in Enum.GetValues<InstanceMilestone>())
        {
            if (HasReached(instance, milestone) && _waits.Remove((instance.Id, milestone), out var wait))
            {
                wait.SetResult(instance);
            }
        }
    }

    private static bool HasReached(Instance instance, InstanceMilestone milestone)
        => instance.Completion is not null || (milestone == InstanceMilestone.Started && instance.HasStarted);
}
