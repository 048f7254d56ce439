using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Messaging;

/// <summary>Counts what functions with a queue trigger are given, and how long they take to process it.</summary>
internal sealed class MessageCounting(MessagingMetrics metrics, TimeProvider time) : IFunctionsWorkerMiddleware
{
    private const string Trigger = "serviceBusTrigger";

    private readonly ConcurrentDictionary<string, string?> _queues = new(StringComparer.Ordinal);

    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (QueueOf(context.FunctionDefinition) is not { } queue)
        {
            await next(context);
            return;
        }

        metrics.Consumed(queue, messages: 1);
        var start = time.GetTimestamp();
        try
        {
            await next(context);
        }
        catch (Exception failure)
        {
            metrics.Processed(queue, time.GetElapsedTime(start), failure);
            throw;
        }

        metrics.Processed(queue, time.GetElapsedTime(start));
    }

    private string? QueueOf(FunctionDefinition function) =>
        function.InputBindings.Values.Any(binding => binding.Type.Equals(Trigger, StringComparison.OrdinalIgnoreCase))
            ? _queues.GetOrAdd(function.EntryPoint, FindQueue)
            : null;

    // The worker tells of a binding its type and not its queue, so the function is asked itself.
    private static string? FindQueue(string entryPoint)
    {
        var dot = entryPoint.LastIndexOf('.');
        return typeof(MessageCounting).Assembly.GetType(entryPoint[..dot])?.GetMethod(entryPoint[(dot + 1)..])?
            .GetParameters().Select(parameter => parameter.GetCustomAttribute<ServiceBusTriggerAttribute>()?.QueueName).FirstOrDefault(queue => queue is not null);
    }
}
