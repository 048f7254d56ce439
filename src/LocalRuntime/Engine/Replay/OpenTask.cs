using DurableTask.Core;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>A request whose answer the orchestrator may await.</summary>
internal interface IOpenTask
{
    void Complete(string? result);

    void Fail(FailureDetails failure);
}

/// <summary>
/// Continuations run where the answer is set, on the turn's thread: RunContinuationsAsynchronously would send those after
/// ConfigureAwait(false) to the thread pool.
/// </summary>
internal sealed class OpenTask<T>(string name, int taskId, DataConverter converter) : TaskCompletionSource<T>, IOpenTask
{
    public void Complete(string? result)
    {
        T? value;
        try
        {
            value = converter.Deserialize<T>(result);
        }
        catch (Exception exception)
        {
            TrySetException(exception);
            return;
        }

        TrySetResult(value!);
    }

    public void Fail(FailureDetails failure)
        => TrySetException(new TaskFailedException(name, taskId, failure.ToTaskFailureDetails()) { IsNonRetriable = failure.IsNonRetriable });
}
