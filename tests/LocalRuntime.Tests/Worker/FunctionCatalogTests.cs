using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Tests.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Worker;

public sealed class FunctionCatalogTests
{
    [Theory]
    [InlineData(typeof(SameName), "Two functions are named 'Twice'")]
    [InlineData(typeof(NoTrigger), "has 0 parameters with a trigger")]
    [InlineData(typeof(TwoTriggers), "has 2 parameters with a trigger")]
    [InlineData(typeof(NotPublic), "is not public")]
    [InlineData(typeof(UnsupportedParameter), "parameter 'unknown' of type System.Uri cannot be bound with a httpTrigger")]
    [InlineData(typeof(UnsupportedTriggerParameter), "parameter 'request' of type System.String cannot be bound")]
    [InlineData(typeof(RouteWithoutParameter), "parameter 'id' of type System.String cannot be bound")]
    [InlineData(typeof(BadRoute), "route 'a/{b' is not a route template")]
    [InlineData(typeof(UnknownQueue), "triggered by queue 'nowhere', which")]
    [InlineData(typeof(SessionsOnPlainQueue), "IsSessionsEnabled = True, but queue 'plain' has no sessions")]
    [InlineData(typeof(NoSessionsOnSessionQueue), "IsSessionsEnabled = False, but queue 'ordered' requires sessions")]
    [InlineData(typeof(SessionsOnDeadLetters), "IsSessionsEnabled = True, but queue 'ordered/$DeadLetterQueue' has no sessions")]
    [InlineData(typeof(BatchIntoOne), "parameter 'body' of type System.String cannot be bound")]
    [InlineData(typeof(BadSchedule), "schedule 'now and then' is neither")]
    [InlineData(typeof(UnknownSetting), "names the setting 'Missing', which is not configured")]
    public void Build_FunctionThatCannotRun_SaysWhichAndWhy(Type functions, string reason)
    {
        using var folder = new AppFolder().With(
            "infra/servicebus.json",
            """
            {"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": [
              {"Name": "plain"}, {"Name": "ordered", "Properties": {"RequiresSession": true}}]}]}}
            """);

        var exception = Record.Exception(() => TestApp.CreateBuilder(folder, functions).Build());

        Assert.Contains(reason, Assert.IsType<FunctionWorkerException>(exception).Message, StringComparison.Ordinal);
    }

    public sealed class SameName
    {
        [Function("twice")]
        public void One([HttpTrigger] HttpRequest request)
        {
        }

        [Function("Twice")]
        public void Two([HttpTrigger] HttpRequest request)
        {
        }
    }

    public sealed class NoTrigger
    {
        [Function("f")]
        public void Run(CancellationToken cancellationToken)
        {
        }
    }

    public sealed class TwoTriggers
    {
        [Function("f")]
        public void Run([HttpTrigger] HttpRequest request, [TimerTrigger("00:01:00")] TimerInfo timer)
        {
        }
    }

    public sealed class NotPublic
    {
        [Function("f")]
        internal void Run([HttpTrigger] HttpRequest request)
        {
        }
    }

    public sealed class UnsupportedParameter
    {
        [Function("f")]
        public void Run([HttpTrigger] HttpRequest request, Uri unknown)
        {
        }
    }

    public sealed class UnsupportedTriggerParameter
    {
        [Function("f")]
        public void Run([HttpTrigger] string request)
        {
        }
    }

    public sealed class RouteWithoutParameter
    {
        [Function("f")]
        public void Run([HttpTrigger(Route = "things/{name}")] HttpRequest request, string id)
        {
        }
    }

    public sealed class BadRoute
    {
        [Function("f")]
        public void Run([HttpTrigger(Route = "a/{b")] HttpRequest request)
        {
        }
    }

    public sealed class UnknownQueue
    {
        [Function("f")]
        public void Run([ServiceBusTrigger("nowhere")] string body)
        {
        }
    }

    public sealed class SessionsOnPlainQueue
    {
        [Function("f")]
        public void Run([ServiceBusTrigger("plain", IsSessionsEnabled = true)] string body)
        {
        }
    }

    public sealed class NoSessionsOnSessionQueue
    {
        [Function("f")]
        public void Run([ServiceBusTrigger("ordered")] string body)
        {
        }
    }

    public sealed class SessionsOnDeadLetters
    {
        [Function("f")]
        public void Run([ServiceBusTrigger("ordered/$DeadLetterQueue", IsSessionsEnabled = true)] string body)
        {
        }
    }

    public sealed class BatchIntoOne
    {
        [Function("f")]
        public void Run([ServiceBusTrigger("plain", IsBatched = true)] string body)
        {
        }
    }

    public sealed class BadSchedule
    {
        [Function("f")]
        public void Run([TimerTrigger("now and then")] TimerInfo timer)
        {
        }
    }

    public sealed class UnknownSetting
    {
        [Function("f")]
        public void Run([TimerTrigger("%Missing%")] TimerInfo timer)
        {
        }
    }
}
