using System.Text.Json;
using Azure;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;

namespace ModelJobs.Functions.Recover;

/// <summary>
/// Answers for chunks that were dead-lettered, so that no page waits for them: their items fail with the dead letter's reason.
/// A chunk of a lane goes back into its lane marked as failed, since only there can the lane move on. What cannot be read is parked.
/// </summary>
internal sealed partial class RecoverDeadLetter(
    ChunkItems items,
    ResultSender results,
    ChunkSender chunks,
    [FromKeyedServices(Queues.Parked)] ServiceBusSender parked,
    ILogger<RecoverDeadLetter> logger)
{
    private const int NotFound = 404;
    private const int NoSuchRange = 416;

    private const string ReasonProperty = "modeljobs-reason";
    private const string DescriptionProperty = "modeljobs-description";

    /// <summary>Session of parked messages that name no job.</summary>
    private const string UnknownJob = "unknown";

    [Function(nameof(RecoverChunk))]
    public Task RecoverChunk(
        [ServiceBusTrigger(Queues.Chunks + Queues.DeadLetter, Connection = Queues.Connection, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RecoverAsync(message, actions, cancellationToken);

    [Function(nameof(RecoverOrderedChunk))]
    public Task RecoverOrderedChunk(
        [ServiceBusTrigger(Queues.OrderedChunks + Queues.DeadLetter, Connection = Queues.Connection, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RecoverAsync(message, actions, cancellationToken);

    [Function(nameof(RecoverExternalChunk))]
    public Task RecoverExternalChunk(
        [ServiceBusTrigger(Queues.ExternalChunks + Queues.DeadLetter, Connection = Queues.Connection, AutoCompleteMessages = false)]
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken) => RecoverAsync(message, actions, cancellationToken);

    private async Task RecoverAsync(ServiceBusReceivedMessage message, ServiceBusMessageActions actions, CancellationToken cancellationToken)
    {
        LogDeadLetter(message.MessageId, message.DeadLetterReason, message.DeliveryCount);
        try
        {
            var chunk = ChunkItems.Read(message);
            var error = new JobError("dead_lettered", $"The chunk was given up: {message.DeadLetterReason}. {message.DeadLetterErrorDescription}".TrimEnd());
            if (chunk.Lane is { } lane)
            {
                var body = JsonSerializer.SerializeToUtf8Bytes(chunk, ContractsJson.Wire.ChunkMessage);
                var failed = ChunkSender.Message(chunk.Id, lane.Number, body);
                failed.MessageId += "!";
                await chunks.SendAsync(failed, cancellationToken);
            }
            else
            {
                // An external worker may have sent anything under the chunk's id, into any session; it must not keep this answer out.
                var messageId = chunk.AnswerBlob is null ? null : chunk.Id + "!";
                var answer = ChunkRunner.FailAll(await items.LoadAsync(chunk, cancellationToken), error);
                await results.SendAsync(chunk.Id, answer, cancellationToken, messageId);
            }
        }
        catch (Exception unreadable) when (
            unreadable is JsonException or InvalidDataException or RequestFailedException { Status: NotFound or NoSuchRange })
        {
            LogUnreadable(unreadable, message.MessageId);
            await parked.SendMessageAsync(Park(message), cancellationToken);
        }

        await actions.CompleteMessageAsync(message, cancellationToken);
    }

    private static ServiceBusMessage Park(ServiceBusReceivedMessage message)
    {
        var copy = new ServiceBusMessage(message) { SessionId = JobOf(message) };
        // A copy does not keep why its original was dead-lettered.
        copy.ApplicationProperties[ReasonProperty] = message.DeadLetterReason ?? "";
        copy.ApplicationProperties[DescriptionProperty] = message.DeadLetterErrorDescription ?? "";
        return copy;
    }

    // A stray message may carry anything there; what is no job's id may be no session's either.
    private static string JobOf(ServiceBusReceivedMessage message) =>
        message.CorrelationId?.Split('/')[0] is { } job && JobId.IsValid(job) ? job : UnknownJob;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Chunk {Chunk} was dead-lettered ({Reason}) after {Deliveries} deliveries; answering for it.")]
    private partial void LogDeadLetter(string chunk, string? reason, int deliveries);

    [LoggerMessage(Level = LogLevel.Error, Message = "Dead letter {Message} cannot be answered for; parked it.")]
    private partial void LogUnreadable(Exception unreadable, string message);
}
