using System.Globalization;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Recover;

/// <summary>
/// The queue <c>parked</c>: what waits for a person, in a session for each job. Its messages are for people and their tools to look at
/// and to remove; a job's own record of its parked items lies in its parts.
/// </summary>
internal sealed class ParkedQueue([FromKeyedServices(Queues.Parked)] QueueSender sender)
{
    /// <summary>Application property: why the message was given up, in a word.</summary>
    public const string ReasonProperty = "modeljobs-reason";

    /// <summary>Application property: more about it.</summary>
    public const string DescriptionProperty = "modeljobs-description";

    /// <summary>Application property: the error code of the item; absent on what cannot be read.</summary>
    public const string CodeProperty = "modeljobs-code";

    /// <summary>Session of parked messages that name no job.</summary>
    private const string UnknownJob = "unknown";

    /// <summary>Parks an item.</summary>
    /// <param name="chunk">The chunk that it is of.</param>
    /// <param name="item">The item.</param>
    /// <param name="result">What its job says of it.</param>
    /// <param name="reason">Why its message was given up.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task ParkAsync(ChunkMessage chunk, ChunkItem item, ItemResult result, string reason, CancellationToken cancellationToken)
    {
        // The item has its own meta; twice it may be too much.
        var poison = new Poison(chunk.Model, result with { Meta = null }, item);
        var body = JsonSerializer.SerializeToUtf8Bytes(poison, PoisonJson.Wire.Poison);
        if (body.Length > JobLimits.MaxInlineBytes)
        {
            body = JsonSerializer.SerializeToUtf8Bytes(poison with { Item = null }, PoisonJson.Wire.Poison);
        }

        var message = new ServiceBusMessage(body)
        {
            MessageId = string.Create(CultureInfo.InvariantCulture, $"{chunk.Id}~{item.Index}"),
            CorrelationId = chunk.Id.ToString(),
            ContentType = "application/json",
            SessionId = chunk.Id.Job,
        };
        message.ApplicationProperties[ReasonProperty] = reason;
        message.ApplicationProperties[DescriptionProperty] = result.Error?.Message ?? "";
        message.ApplicationProperties[CodeProperty] = result.Error?.Code ?? "";
        return sender.SendAsync(message, cancellationToken);
    }

    /// <summary>Parks a dead letter that cannot be read.</summary>
    public Task ParkAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken)
    {
        var copy = new ServiceBusMessage(message) { PartitionKey = null, SessionId = JobOf(message) };
        // A copy does not keep why its original was dead-lettered.
        copy.ApplicationProperties[ReasonProperty] = message.DeadLetterReason ?? "";
        copy.ApplicationProperties[DescriptionProperty] = message.DeadLetterErrorDescription ?? "";
        return sender.SendAsync(copy, cancellationToken);
    }

    // A stray message may carry anything there; what is no job's id may be no session's either.
    private static string JobOf(ServiceBusReceivedMessage message) =>
        message.CorrelationId?.Split('/')[0] is { } job && JobId.IsValid(job) ? job : UnknownJob;
}
