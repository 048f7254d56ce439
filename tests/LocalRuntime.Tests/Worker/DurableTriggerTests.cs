using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace ModelJobs.LocalRuntime.Tests.Worker;

public sealed class DurableTriggerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Orchestration_StartedByAnHttpFunction_RunsActivitiesAndReturnsTheirResults()
    {
        await using var app = await TestApp.StartAsync<Functions>();

        var id = await app.Http.GetStringAsync("api/start/3", Cancel);
        var ended = await EndAsync(app, id);

        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal([0, 1, 4], ended.ReadOutputAs<int[]>()!);
    }

    [Fact]
    public async Task Orchestration_WithInputAsParameter_ReceivesIt()
    {
        await using var app = await TestApp.StartAsync<Functions>();

        var id = await app.Durable.ScheduleNewOrchestrationInstanceAsync("Greet", new Person("Ada", 36), Cancel);

        Assert.Equal("Ada is 36", (await EndAsync(app, id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Activity_Fails_OrchestratorSeesTypeAndMessage()
    {
        await using var app = await TestApp.StartAsync<Functions>();

        var id = await app.Durable.ScheduleNewOrchestrationInstanceAsync("CatchFailure", cancellation: Cancel);

        Assert.Equal("System.InvalidOperationException: broken", (await EndAsync(app, id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Activity_OfUnknownName_FailsAndListsTheKnownOnes()
    {
        await using var app = await TestApp.StartAsync<Functions>();

        var id = await app.Durable.ScheduleNewOrchestrationInstanceAsync("CallUnknown", cancellation: Cancel);
        var ended = await EndAsync(app, id);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("Activities of this app: Break, InstanceIdOf, Square", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Activity_AsksForTheInstanceId_GetsIt()
    {
        await using var app = await TestApp.StartAsync<Functions>();

        var id = await app.Durable.ScheduleNewOrchestrationInstanceAsync("AskInstanceId", cancellation: Cancel);

        Assert.Equal(id, (await EndAsync(app, id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Timer_OnFakeTime_FiresWhenTheClockMoves()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var app = await TestApp.StartAsync<Functions>(builder => builder.Services.AddSingleton<TimeProvider>(time));

        var id = await app.Durable.ScheduleNewOrchestrationInstanceAsync("Sleep", cancellation: Cancel);
        await app.Durable.WaitForInstanceStartAsync(id, Cancel).WaitAsync(TestApp.Limit, Cancel);
        time.Advance(TimeSpan.FromDays(1));

        Assert.Equal("2026-01-02", (await EndAsync(app, id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Middleware_RunsForOrchestratorsAndActivities()
    {
        var names = new List<string>();
        await using var app = await TestApp.StartAsync<Functions>(builder => builder.UseMiddleware((context, next) =>
        {
            lock (names)
            {
                names.Add(context.FunctionDefinition.Name);
            }

            return next();
        }));

        var id = await app.Durable.ScheduleNewOrchestrationInstanceAsync("AskInstanceId", cancellation: Cancel);
        await EndAsync(app, id);

        Assert.Contains("AskInstanceId", names);
        Assert.Contains("InstanceIdOf", names);
    }

    [Fact]
    public async Task MaxConcurrentActivityFunctions_ManyActivities_IsReachedAndNotExceeded()
    {
        var crowd = new ServiceBusTriggerTests.Crowd(places: 2, visitors: 10);
        await using var app = await TestApp.StartAsync<Crowding>(
            builder => builder.Services.AddSingleton(crowd), "--AzureFunctionsJobHost:extensions:durableTask:maxConcurrentActivityFunctions=2");

        var id = await app.Durable.ScheduleNewOrchestrationInstanceAsync("Invite", cancellation: Cancel);
        await EndAsync(app, id);

        Assert.Equal(2, crowd.Most);
    }

    private static Task<OrchestrationMetadata> EndAsync(TestApp app, string id)
        => app.Durable.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Cancel).WaitAsync(TestApp.Limit, Cancel);

    public sealed record Person(string Name, int Age);

    public sealed class Functions
    {
        [Function("Start")]
        public static async Task<string> Start(
            [HttpTrigger(Route = "start/{count}")] HttpRequest request,
            int count,
            [DurableClient] DurableTaskClient client,
            CancellationToken cancellationToken)
            => await client.ScheduleNewOrchestrationInstanceAsync("Squares", count, cancellationToken);

        [Function("Squares")]
        public static async Task<int[]> Squares([OrchestrationTrigger] TaskOrchestrationContext context)
            => await Task.WhenAll(Enumerable.Range(0, context.GetInput<int>()).Select(i => context.CallActivityAsync<int>("Square", i)));

        [Function("Square")]
        public async Task<int> Square([ActivityTrigger] int number, FunctionContext context)
        {
            await Task.Yield();
            Assert.Equal("Square", context.FunctionDefinition.Name);
            return number * number;
        }

        [Function("Greet")]
        public static Task<string> Greet([OrchestrationTrigger] TaskOrchestrationContext context, Person person)
            => Task.FromResult(string.Create(CultureInfo.InvariantCulture, $"{person.Name} is {person.Age}"));

        [Function("CatchFailure")]
        public static async Task<string> CatchFailure([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            try
            {
                await context.CallActivityAsync("Break");
                return "unbroken";
            }
            catch (TaskFailedException exception)
            {
                return $"{exception.FailureDetails.ErrorType}: {exception.FailureDetails.ErrorMessage}";
            }
        }

        [Function("Break")]
        public static void Break([ActivityTrigger] object? input) => throw new InvalidOperationException("broken");

        [Function("CallUnknown")]
        public static Task CallUnknown([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync("Unknown");

        [Function("AskInstanceId")]
        public static Task<string> AskInstanceId([OrchestrationTrigger] TaskOrchestrationContext context)
            => context.CallActivityAsync<string>("InstanceIdOf");

        [Function("InstanceIdOf")]
        public static string InstanceIdOf([ActivityTrigger] object? input, string instanceId) => instanceId;

        [Function("Sleep")]
        public static async Task<string> Sleep([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None);
            return context.CurrentUtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        }
    }

    public sealed class Crowding(ServiceBusTriggerTests.Crowd crowd)
    {
        [Function("Invite")]
        public static Task Invite([OrchestrationTrigger] TaskOrchestrationContext context)
            => Task.WhenAll(Enumerable.Range(0, 10).Select(_ => context.CallActivityAsync("Visit")));

        [Function("Visit")]
        public Task Visit([ActivityTrigger] object? input) => crowd.VisitAsync();
    }
}
