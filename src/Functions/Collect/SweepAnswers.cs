using System.Globalization;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Collect;

/// <summary>
/// Removes answers that nobody waits for: late ones to jobs that have ended, and those in sessions that are no page's. A worker that
/// always answers twice, or into the wrong session, would otherwise fill the queue in the fortnight that messages live.
/// </summary>
internal sealed partial class SweepAnswers(ServiceBusClient client, ILogger<SweepAnswers> logger)
{
    private const string EveryHour = "0 40 * * * *";
    private const int Batch = 100;

    /// <summary>Most messages that one sweep looks at; more are left to the next.</summary>
    private const int MaxPeeked = 20_000;
    private static readonly TimeSpan DrainWait = TimeSpan.FromSeconds(1);

    [Function(nameof(SweepAnswers))]
    public async Task Run([TimerTrigger(EveryHour)] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellationToken)
    {
        foreach (var session in await PeekSessionsAsync(cancellationToken))
        {
            if (!await IsAwaitedAsync(durable, session, cancellationToken))
            {
                await RemoveAsync(session, cancellationToken);
            }
        }
    }

    /// <summary>The sessions that have messages. Looked at without locking them, since most have a collector.</summary>
    private async Task<HashSet<string>> PeekSessionsAsync(CancellationToken cancellationToken)
    {
        await using var queue = client.CreateReceiver(Queues.Results);
        var sessions = new HashSet<string>(StringComparer.Ordinal);
        long? next = null;
        for (var peeked = 0; peeked < MaxPeeked;)
        {
            var messages = await queue.PeekMessagesAsync(Batch, next, cancellationToken);
            if (messages.Count == 0)
            {
                break;
            }

            sessions.UnionWith(messages.Select(message => message.SessionId).OfType<string>());
            peeked += messages.Count;
            next = messages[^1].SequenceNumber + 1;
        }

        return sessions;
    }

    private static async Task<bool> IsAwaitedAsync(DurableTaskClient durable, string session, CancellationToken cancellationToken)
    {
        if (session.Split('/') is not [var job, var number]
            || !JobId.IsValid(job)
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return false;
        }

        return await durable.GetInstanceAsync(job, cancellationToken) is { IsCompleted: false };
    }

    private async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await client.AcceptSessionAsync(Queues.Results, id, cancellationToken: cancellationToken);
            while (await session.ReceiveMessagesAsync(Batch, DrainWait, cancellationToken) is { Count: > 0 } answers)
            {
                await Task.WhenAll(answers.Select(answer => session.CompleteMessageAsync(answer, cancellationToken)));
                LogRemoved(answers.Count, id, answers[0].CorrelationId);
            }
        }
        catch (ServiceBusException taken) when (taken.Reason == ServiceBusFailureReason.SessionCannotBeLocked)
        {
            // Somebody has it in hand, a person with a tool perhaps; there is a next sweep.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Removed {Count} answers from session {Session}, which no page waits for; the first was for chunk {Chunk}.")]
    private partial void LogRemoved(int count, string session, string? chunk);
}
