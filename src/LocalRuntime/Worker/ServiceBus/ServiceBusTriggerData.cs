using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>The messages of one invocation: one, or a batch.</summary>
internal sealed class ServiceBusTriggerData(
    IReadOnlyList<ServiceBusReceivedMessage> messages,
    ServiceBusMessageActions actions,
    ServiceBusSessionMessageActions? session) : TriggerData
{
    /// <summary>The property in which senders put their trace parent.</summary>
    private const string DiagnosticId = "Diagnostic-Id";

    public IReadOnlyList<ServiceBusReceivedMessage> Messages => messages;

    public ServiceBusMessageActions Actions => actions;

    public ServiceBusSessionMessageActions? Session => session;

    /// <summary>The sender's trace. A batch may hold many traces, so it continues none.</summary>
    public override string? TraceParent
        => messages is [var message] && message.ApplicationProperties.TryGetValue(DiagnosticId, out var id) ? id as string : null;

    public override string Reason => messages is [var message]
        ? $"message {message.MessageId}, delivery {message.DeliveryCount}"
        : $"{messages.Count} messages";

    public override IReadOnlyDictionary<string, object?> BindingData => messages is [var message]
        ? new Dictionary<string, object?>
        {
            [nameof(message.MessageId)] = message.MessageId,
            [nameof(message.DeliveryCount)] = message.DeliveryCount,
            [nameof(message.SequenceNumber)] = message.SequenceNumber,
            [nameof(message.SessionId)] = message.SessionId,
            [nameof(message.CorrelationId)] = message.CorrelationId,
        }
        : base.BindingData;
}
