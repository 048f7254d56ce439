using System.Reflection;
using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Durable;
using ModelJobs.LocalRuntime.Worker.Http;
using ModelJobs.LocalRuntime.Worker.ServiceBus;
using ModelJobs.LocalRuntime.Worker.Timer;

namespace ModelJobs.Functions.Tests;

/// <summary>What starts the app's functions, as the local runtime finds it: what the <c>functions.metadata</c> of the Azure build says. Budget: 2 seconds.</summary>
public sealed class FunctionListTests
{
    private const string Expected = """
        AssembleResults: activityTrigger order of AssembleResults
        BeginWebhook: activityTrigger end of BeginWebhook, durableClient durable
        CancelJob: httpTrigger request of POST jobs/{id}/cancel (Function), durableClient durable; http $return
        CancelPage: activityTrigger order of CancelPage
        ClearParked: activityTrigger order of ClearParked
        CloseLanes: activityTrigger order of CloseLanes
        CollectPage: activityTrigger order of CollectPage
        DeleteJob: httpTrigger request of DELETE jobs/{id} (Function), durableClient durable; http $return
        DeliverWebhook: activityTrigger order of DeliverWebhook, durableClient durable
        DiscardPage: activityTrigger order of DiscardPage
        DiscardParked: httpTrigger request of POST jobs/{id}/discard (Function), durableClient durable; http $return
        DispatchPage: activityTrigger order of DispatchPage
        FindLostItems: activityTrigger order of FindLostItems
        FindParkedPages: activityTrigger order of FindParkedPages
        GetErrors: httpTrigger request of GET jobs/{id}/errors (Function), durableClient durable; http $return
        GetJob: httpTrigger request of GET jobs/{id} (Function), durableClient durable; http $return
        GetParked: httpTrigger request of GET jobs/{id}/parked (Function), durableClient durable; http $return
        GetResults: httpTrigger request of GET jobs/{id}/results (Function), durableClient durable; http $return
        Housekeeping: timerTrigger timer of 0 10 * * * * (at start False), durableClient durable
        JobOrchestrator: orchestrationTrigger context of JobOrchestrator
        ListJobs: httpTrigger request of GET jobs (Function), durableClient durable; http $return
        PageOrchestrator: orchestrationTrigger context of PageOrchestrator
        PauseJob: httpTrigger request of POST jobs/{id}/pause (Function), durableClient durable; http $return
        PlanJob: activityTrigger order of PlanJob
        ProcessChunk: serviceBusTrigger message of chunks (ServiceBus; sessions False, batches False, completes False)
        ProcessExpressChunk: serviceBusTrigger message of chunks-express (ServiceBus; sessions False, batches False, completes False)
        ProcessOrderedChunk: serviceBusTrigger message of chunks-ordered (ServiceBus; sessions True, batches False, completes False)
        PurgeOrchestrator: orchestrationTrigger context of PurgeOrchestrator
        PurgeSlice: activityTrigger job of PurgeSlice, durableClient durable
        ReadControl: activityTrigger job of ReadControl
        RecoverChunk: serviceBusTrigger message of chunks/$DeadLetterQueue (ServiceBus; sessions False, batches False, completes False)
        RecoverExpressChunk: serviceBusTrigger message of chunks-express/$DeadLetterQueue (ServiceBus; sessions False, batches False, completes False)
        RecoverExternalChunk: serviceBusTrigger message of chunks-external/$DeadLetterQueue (ServiceBus; sessions False, batches False, completes False)
        RecoverOrderedChunk: serviceBusTrigger message of chunks-ordered/$DeadLetterQueue (ServiceBus; sessions False, batches False, completes False)
        RecoverResult: serviceBusTrigger message of results/$DeadLetterQueue (ServiceBus; sessions False, batches False, completes False)
        RedriveJob: httpTrigger request of POST jobs/{id}/redrive (Function), durableClient durable; http $return
        ResumeJob: httpTrigger request of POST jobs/{id}/resume (Function), durableClient durable; http $return
        SendAgain: activityTrigger order of SendAgain
        StopJob: activityTrigger order of StopJob
        SubmitJob: httpTrigger request of POST jobs (Function), durableClient durable; http $return
        SweepAnswers: timerTrigger timer of 0 40 * * * * (at start False), durableClient durable
        WebhookOrchestrator: orchestrationTrigger context of WebhookOrchestrator

        """;

    private const string WhatToDo = """

        A function came, went, or is started by something else. If that is meant, write it into the list above: it is what a reviewer sees, and what
        the Azure build must agree with (docs/two-builds.md). A new queue also belongs into infra/servicebus.json. An orchestrator or activity that
        is gone or has another name fails the jobs that are running when it is deployed (docs/changing-orchestrators.md).
        """;

    [Fact]
    public void Build_App_FindsTheFunctionsThatAzureFinds()
    {
        using var app = ModelJobsApp.CreateBuilder(["--LocalRuntime:State=Memory", "--LocalRuntime:HttpPort=0", "--LocalRuntime:Azurite=None"]).Build();

        var found = Describe(app.Services.GetRequiredService<FunctionCatalog>().Functions);

        Assert.True(found == Expected, $"The app's functions are now:{Environment.NewLine}{found}{WhatToDo}");
    }

    private static string Describe(IEnumerable<Function> functions)
    {
        var list = new StringBuilder();
        foreach (var function in functions.OrderBy(static function => function.Name, StringComparer.Ordinal))
        {
            var inputs = function.InputBindings.Values
                .OrderBy(binding => binding.Type != function.Trigger.BindingType)
                .Select(binding => $"{binding.Type} {binding.Name}{(binding.Type == function.Trigger.BindingType ? " of " + Describe(function) : "")}");
            var outputs = function.OutputBindings.Values.Select(static binding => $"; {binding.Type} {binding.Name}");
            list.Append(function.Name).Append(": ").AppendJoin(", ", inputs).AppendJoin("", outputs).Append('\n');
        }

        return list.ToString();
    }

    private static string Describe(Function function) => function.Trigger switch
    {
        ActivityTrigger activity => activity.Name,
        OrchestrationTrigger orchestration => orchestration.Name,
        HttpTrigger http => $"{string.Join('/', http.Methods)} {http.Route} ({AttributeOf<HttpTriggerAttribute>(function).AuthLevel})",
        ServiceBusTrigger bus =>
            $"{bus.Queue} ({bus.Connection}; sessions {bus.UsesSessions}, batches {bus.IsBatched}, completes {bus.AutoComplete})",
        TimerTrigger timer => $"{AttributeOf<TimerTriggerAttribute>(function).Schedule} (at start {timer.RunOnStartup})",
        var other => other.BindingType,
    };

    /// <summary>What the local runtime does not keep: it asks for no key, and of a schedule it needs the next time only.</summary>
    private static TAttribute AttributeOf<TAttribute>(Function function)
        where TAttribute : Attribute
    {
        var method = function.EntryPoint[(function.EntryPoint.LastIndexOf('.') + 1)..];
        var type = typeof(ModelJobsApp).Assembly.GetType(function.EntryPoint[..^(method.Length + 1)])!;
        return type.GetMethod(method)!.GetParameters().Select(static parameter => parameter.GetCustomAttribute<TAttribute>()).Single(static found => found is not null)!;
    }
}
