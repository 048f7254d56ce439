using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Recover;

namespace ModelJobs.Functions.Redrive;

/// <summary>The messages of the queue <see cref="Queues.Parked"/>: they show a person what was given up, and go when that is settled.</summary>
internal sealed partial class ParkedMessages(ServiceBusClient client, ILogger<ParkedMessages> logger)
{
    private const int Batch = 100;

    /// <summary>Most messages that are passed over in one call; they are held until its end.</summary>
    private const int MaxPassedOver = 5000;
    private static readonly TimeSpan DrainWait = TimeSpan.FromSeconds(1);

    /// <summary>Removes messages of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="selection">Which; those that cannot be read, and so are no item's, go only with all.</param>
    /// <param name="cancellationToken">Ends the call; what is left can be removed by another.</param>
    public async Task RemoveAsync(string job, RedriveSelection selection, CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await client.AcceptSessionAsync(Queues.Parked, job, cancellationToken: cancellationToken);
            var (removed, passedOver) = (0, 0);
            // Most jobs have none. Looking comes at once, and receiving waits.
            while (passedOver < MaxPassedOver
                && await session.PeekMessageAsync(cancellationToken: cancellationToken) is not null
                && await session.ReceiveMessagesAsync(Batch, DrainWait, cancellationToken) is { Count: > 0 } messages)
            {
                var settled = messages.Where(message => selection.IsAll || IsIn(selection, message)).ToList();
                await Task.WhenAll(settled.Select(message => session.CompleteMessageAsync(message, cancellationToken)));
                removed += settled.Count;
                passedOver += messages.Count - settled.Count;
            }

            if (removed > 0)
            {
                LogRemoved(removed, job);
            }
        }
        catch (ServiceBusException taken) when (taken.Reason == ServiceBusFailureReason.SessionCannotBeLocked)
        {
            // Somebody has it in hand, a person with a tool perhaps. The messages stay, and whoever finds them can see that the job has gone on.
            LogTaken(job);
        }
    }

    private static bool IsIn(RedriveSelection selection, ServiceBusReceivedMessage message)
    {
        try
        {
            return JsonSerializer.Deserialize(message.Body.ToMemory().Span, PoisonJson.Wire.Poison) is { Result: { } result } && selection.Has(result);
        }
        catch (JsonException)
        {
            // A dead letter that could not be read then cannot be read now.
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Count} parked messages of job {Job}.")]
    private partial void LogRemoved(int count, string job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The parked messages of job {Job} are in somebody's hands; they were not removed.")]
    private partial void LogTaken(string job);
}
