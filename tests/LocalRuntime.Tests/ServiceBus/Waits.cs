using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

/// <summary>Bounds of waits, and the ways tests look at what they got.</summary>
internal static class Waits
{
    /// <summary>The shortest wait there is: what is there now.</summary>
    public static readonly TimeSpan Briefly = TimeSpan.FromTicks(1);

    /// <summary>Bounds a wait that should end at once, so that a failing test fails instead of hanging.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    /// <inheritdoc cref="Soon{T}"/>
    public static Task Soon(this Task task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public static IEnumerable<string> Bodies(this IEnumerable<ServiceBusReceivedMessage> messages)
        => messages.Select(message => message.Body.ToString());

    /// <summary>Receives what is there now, up to <paramref name="max"/> messages; moves the clock a little when there is nothing.</summary>
    public static async Task<IReadOnlyList<ServiceBusReceivedMessage>> TakeAsync(
        this ServiceBusReceiver receiver, LocalNamespace ns, int max = 100)
    {
        var receiving = receiver.ReceiveMessagesAsync(max, Briefly, LocalNamespace.Cancel);
        if (!receiving.IsCompleted)
        {
            ns.Time.Advance(TimeSpan.FromMilliseconds(1));
        }
        return await receiving.Soon();
    }

    /// <summary>Asserts that an operation is refused for a reason.</summary>
    public static async Task<ServiceBusException> RefusesAsync(ServiceBusFailureReason reason, Func<Task> operation)
    {
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => operation().Soon());
        Assert.Equal(reason, exception.Reason);
        return exception;
    }
}
