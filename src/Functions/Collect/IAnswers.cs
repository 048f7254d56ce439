using System.Text.Json;
using Azure.Messaging.ServiceBus;

namespace ModelJobs.Functions.Collect;

/// <summary>Reads the answers for one page.</summary>
internal interface IAnswers
{
    /// <summary>Reads a message in the page's session.</summary>
    /// <exception cref="JsonException">It is not an answer.</exception>
    /// <exception cref="InvalidDataException">It answers for no chunk of this page, or cannot be read.</exception>
    Task<Answer> OpenAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken);
}
