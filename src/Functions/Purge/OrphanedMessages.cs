using Azure.Messaging.ServiceBus;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Purge;

/// <summary>Parked messages of jobs that there are not. They are reported and stay: nobody knows what they are, and they may be all that is left of it.</summary>
internal sealed partial class OrphanedMessages(ServiceBusClient client, ILogger<OrphanedMessages> logger)
{
    private const int Batch = 250;

    /// <summary>Most messages that one call looks at.</summary>
    private const int MaxPeeked = 5000;

    /// <summary>Logs each session of parked messages that is no job's.</summary>
    public async Task ReportAsync(DurableTaskClient durable, CancellationToken cancellationToken)
    {
        foreach (var (session, count) in await CountAsync(cancellationToken))
        {
            if (!JobId.IsValid(session) || await durable.GetInstanceAsync(session, cancellationToken) is null)
            {
                LogOrphans(count, session);
            }
        }
    }

    private async Task<Dictionary<string, int>> CountAsync(CancellationToken cancellationToken)
    {
        await using var queue = client.CreateReceiver(Queues.Parked);
        var sessions = new Dictionary<string, int>(StringComparer.Ordinal);
        long? next = null;
        for (var peeked = 0; peeked < MaxPeeked;)
        {
            var messages = await queue.PeekMessagesAsync(Batch, next, cancellationToken);
            if (messages.Count == 0)
            {
                break;
            }

            foreach (var message in messages)
            {
                sessions[message.SessionId ?? ""] = sessions.GetValueOrDefault(message.SessionId ?? "") + 1;
            }

            peeked += messages.Count;
            next = messages[^1].SequenceNumber + 1;
        }

        return sessions;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue 'parked' has {Count} messages in session {Session}, which is no job's. Look into them, and remove them with a Service Bus tool.")]
    private partial void LogOrphans(int count, string session);
}
