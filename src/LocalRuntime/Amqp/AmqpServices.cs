using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Amqp.Security;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>What all connections of an endpoint share.</summary>
/// <param name="Broker">The queues.</param>
/// <param name="Key">Who has it may use them.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">Where defects are told.</param>
/// <param name="ContainerId">The endpoint's name in the protocol.</param>
/// <param name="SessionWait">How long a client that does not say so waits for a session.</param>
internal sealed record AmqpServices(
    MessageBroker Broker, SharedAccessKey Key, TimeProvider Time, ILogger Logger, string ContainerId, TimeSpan SessionWait);
