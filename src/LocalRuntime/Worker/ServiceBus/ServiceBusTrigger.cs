using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>A Service Bus trigger: its queue, and how messages are handed over and settled.</summary>
/// <param name="Queue">The queue, or <c>name/$DeadLetterQueue</c>.</param>
/// <param name="Connection">Name of the setting with the connection.</param>
/// <param name="UsesSessions">One message at a time per session, in order.</param>
/// <param name="IsBatched">Many messages per invocation.</param>
/// <param name="AutoComplete">Complete what the function left unsettled when it returned.</param>
internal sealed record ServiceBusTrigger(string Queue, string Connection, bool UsesSessions, bool IsBatched, bool AutoComplete) : ITrigger
{
    /// <summary>The setting that is used when a trigger names none.</summary>
    private const string DefaultConnection = "AzureWebJobsServiceBus";

    public string BindingType => "serviceBusTrigger";

    public static ServiceBusTrigger Create(
        ServiceBusTriggerAttribute attribute,
        ParameterInfo parameter,
        IConfiguration configuration,
        ServiceBusHostOptions host,
        string where)
    {
        if (attribute.QueueName is null)
        {
            throw new FunctionWorkerException($"{where} is triggered by a topic; this runtime has queues only.");
        }

        // The attribute wins over host.json only where it was written: an unset property and `false` look alike on the object.
        var isAutoCompleteSet = parameter.GetCustomAttributesData()
            .Where(static data => data.AttributeType == typeof(ServiceBusTriggerAttribute))
            .SelectMany(static data => data.NamedArguments)
            .Any(static argument => argument.MemberName == nameof(ServiceBusTriggerAttribute.AutoCompleteMessages));
        return new ServiceBusTrigger(
            SettingName.Resolve(attribute.QueueName, configuration, where),
            attribute.Connection ?? DefaultConnection,
            attribute.IsSessionsEnabled,
            attribute.IsBatched,
            isAutoCompleteSet ? attribute.AutoCompleteMessages : host.AutoCompleteMessages);
    }

    public ParameterBinder? BindParameter(ParameterInfo parameter, bool isTriggerParameter)
    {
        var type = parameter.ParameterType;
        if (isTriggerParameter)
        {
            return IsBatched ? BindBatch(type) : BindSingle(type);
        }

        if (type == typeof(ServiceBusMessageActions))
        {
            return static context => Data(context).Actions;
        }

        return type == typeof(ServiceBusSessionMessageActions) && UsesSessions ? static context => Data(context).Session : null;
    }

    private static ParameterBinder? BindSingle(Type type)
        => MessageBody.ReaderFor(type) is { } read ? context => read(Data(context).Messages[0]) : null;

    private static ParameterBinder? BindBatch(Type type)
    {
        if (!type.IsSZArray || MessageBody.ReaderFor(type.GetElementType()!) is not { } read)
        {
            return null;
        }

        var element = type.GetElementType()!;
        return context =>
        {
            var messages = Data(context).Messages;
            var array = Array.CreateInstance(element, messages.Count);
            for (var i = 0; i < messages.Count; i++)
            {
                array.SetValue(read(messages[i]), i);
            }

            return array;
        };
    }

    private static ServiceBusTriggerData Data(InvocationContext context) => (ServiceBusTriggerData)context.Trigger;
}
