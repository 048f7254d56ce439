using System.Security.Cryptography;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Recover;

/// <summary>
/// Puts answers right that were given up: one whose content says where it belongs goes there once more. What cannot be read, or comes
/// back, is parked; the items that it was about are found missing where they are waited for, and sent again.
/// </summary>
internal sealed partial class RecoverResult(
    [FromKeyedServices(Queues.Results)] QueueSender results, ParkedQueue parked, ILogger<RecoverResult> logger)
{
    /// <summary>Application property of an answer that was sent again.</summary>
    private const string SentAgain = "modeljobs-sent-again";

    private const int DigestBytes = 8;

    [Function(nameof(RecoverResult))]
    public async Task Run(
        [ServiceBusTrigger(Queues.Results + Queues.DeadLetter, Connection = Queues.Connection, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken)
    {
        if (!message.ApplicationProperties.ContainsKey(SentAgain) && Read(message) is { } answer)
        {
            LogSentAgain(message.MessageId, message.DeadLetterReason, answer.Id);
            // By content: duplicate detection may know the answer's own id, and of this one it must drop the second.
            var digest = Convert.ToHexStringLower(SHA256.HashData(message.Body.ToMemory().Span).AsSpan(0, DigestBytes));
            var copy = new ServiceBusMessage(message)
            {
                PartitionKey = null,
                SessionId = Queues.PageSession(answer.Id.Job, answer.Id.Page),
                MessageId = $"{answer.Id}~again~{digest}",
            };
            copy.ApplicationProperties[SentAgain] = true;
            await results.SendAsync(copy, cancellationToken);
        }
        else
        {
            LogParked(message.MessageId, message.DeadLetterReason, message.DeadLetterErrorDescription);
            await parked.ParkAsync(message, cancellationToken);
        }

        await actions.CompleteMessageAsync(message, cancellationToken);
    }

    /// <returns>The answer, if it is one of the app's own; null otherwise.</returns>
    private static ResultMessage? Read(ServiceBusReceivedMessage message)
    {
        try
        {
            return JsonSerializer.Deserialize(message.Body.ToMemory().Span, ContractsJson.Wire.ResultMessage) is { } answer
                && JobId.IsValid(answer.Id.Job)
                && answer.Id is { Page: >= 0, Chunk: >= 0 }
                && (answer.Results is null) != (answer.Blob is null)
                ? answer
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Answer {Message} was dead-lettered ({Reason}); sent it again, for chunk {Chunk}.")]
    private partial void LogSentAgain(string message, string? reason, ChunkId chunk);

    [LoggerMessage(Level = LogLevel.Error, Message = "Answer {Message} was dead-lettered ({Reason}: {Description}) and cannot be put right; parked it.")]
    private partial void LogParked(string message, string? reason, string? description);
}
