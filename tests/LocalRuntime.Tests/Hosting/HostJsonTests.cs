using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Hosting;

public sealed class HostJsonTests
{
    [Fact]
    public void Load_WithoutFile_HasTheDefaultsOfTheRealHost()
    {
        using var folder = new AppFolder();

        var host = Load(folder);

        Assert.Equal("api", host.RoutePrefix);
        Assert.Equal(TimeSpan.FromMinutes(30), host.FunctionTimeout);
        Assert.Equal(0, host.ServiceBus.PrefetchCount);
        Assert.Equal(16, host.ServiceBus.MaxConcurrentCalls);
        Assert.Equal(8, host.ServiceBus.MaxConcurrentSessions);
        Assert.Equal(1000, host.ServiceBus.MaxMessageBatchSize);
        Assert.Equal(TimeSpan.FromMinutes(5), host.ServiceBus.MaxAutoLockRenewalDuration);
        Assert.True(host.ServiceBus.AutoCompleteMessages);
        Assert.Equal(10 * Environment.ProcessorCount, host.DurableTask.MaxConcurrentActivityFunctions);
    }

    [Fact]
    public void Load_FileWithComments_ReadsEverySetting()
    {
        using var folder = new AppFolder().With("host.json", """
            {
              // A comment.
              "version": "2.0",
              "functionTimeout": "-1",
              "logging": {"logLevel": {"default": "Warning", "ModelJobs": "debug"}},
              "extensions": {
                "http": {"routePrefix": ""},
                "serviceBus": {
                  "prefetchCount": 5, "maxConcurrentCalls": 2, "maxConcurrentSessions": 3, "maxMessageBatchSize": 4,
                  "maxAutoLockRenewalDuration": "00:10:00", "sessionIdleTimeout": "00:00:01", "autoCompleteMessages": false,
                  "transportType": "amqpWebSockets"
                },
                "durableTask": {
                  "hubName": "Hub", "storageProvider": {"type": "azureManaged"}, "storeInputsInOrchestrationHistory": true,
                  "overridableExistingInstanceStates": "AnyState", "defaultVersion": "1.2", "versionMatchStrategy": "Strict",
                  "versionFailureStrategy": "Fail",
                  "maxConcurrentActivityFunctions": 6, "maxConcurrentOrchestratorFunctions": 7
                }
              }
            }
            """);

        var host = Load(folder);

        Assert.Equal("", host.RoutePrefix);
        Assert.Equal(Timeout.InfiniteTimeSpan, host.FunctionTimeout);
        Assert.Equal(LogLevel.Warning, host.LogLevels["default"]);
        Assert.Equal(LogLevel.Debug, host.LogLevels["ModelJobs"]);
        Assert.Equal(
            new ServiceBusHostOptions
            {
                PrefetchCount = 5,
                MaxConcurrentCalls = 2,
                MaxConcurrentSessions = 3,
                MaxMessageBatchSize = 4,
                MaxAutoLockRenewalDuration = TimeSpan.FromMinutes(10),
                SessionIdleTimeout = TimeSpan.FromSeconds(1),
                AutoCompleteMessages = false,
            },
            host.ServiceBus);
        Assert.Equal(
            new DurableTaskHostOptions
            {
                HubName = "Hub",
                MaxConcurrentActivityFunctions = 6,
                MaxConcurrentOrchestratorFunctions = 7,
                StoreInputsInOrchestrationHistory = true,
                OverridableExistingInstanceStates = OverridableStates.AnyState,
                DefaultVersion = "1.2",
                VersionMatchStrategy = VersionMatchStrategy.Strict,
                VersionFailureStrategy = VersionFailureStrategy.Fail,
                MaxPayloadBytes = 1024 * 1024,
            },
            host.DurableTask);
    }

    [Theory]
    [InlineData("""{"extensions":{"serviceBus":{"maxConcurentCalls":1}}}""", "'extensions.serviceBus.maxConcurentCalls' is not a known setting")]
    [InlineData("""{"extensions":{"serviceBus":{"maxConcurrentCalls":"many"}}}""", "'extensions.serviceBus.maxConcurrentCalls' is 'many'; it must be a whole number of at least 1")]
    [InlineData("""{"extensions":{"serviceBus":{"maxConcurrentCalls":0}}}""", "'extensions.serviceBus.maxConcurrentCalls' is '0'")]
    [InlineData("""{"extensions":{"serviceBus":{"sessionIdleTimeout":"soon"}}}""", "'extensions.serviceBus.sessionIdleTimeout' is 'soon'; it must be a positive duration")]
    [InlineData("""{"extensions":{"serviceBus":{"autoCompleteMessages":"yes"}}}""", "'extensions.serviceBus.autoCompleteMessages' is 'yes'; it must be true or false")]
    [InlineData("""{"extensions":{"serviceBus":{"maxConcurrentCallsPerSession":2}}}""", "'extensions.serviceBus.maxConcurrentCallsPerSession' is '2'; it must be a whole number from 1 to 1")]
    [InlineData("""{"extensions":{"serviceBus":5}}""", "'extensions.serviceBus' is '5'; it must be an object")]
    [InlineData("""{"extensions":{"http":{"routePrefix":{"a":1}}}}""", "'extensions.http.routePrefix' is an object; it must be a single value")]
    [InlineData("""{"logging":{"logLevel":{"default":"loud"}}}""", "'logging.logLevel.default' is 'loud'; it must be one of Trace, Debug")]
    [InlineData("""{"version":"1.0"}""", "'version' is '1.0'; it must be 2.0")]
    [InlineData("""{"versoin":"2.0"}""", "'versoin' is not a known setting")]
    [InlineData("""{"version" "2.0"}""", "is not JSON")]
    public void Load_WrongFile_NamesThePath(string json, string message)
    {
        using var folder = new AppFolder().With("host.json", json);

        var exception = Assert.Throws<LocalRuntimeException>(() => Load(folder));

        Assert.Contains("host.json", exception.Message, StringComparison.Ordinal);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SettingOfAzureFunctionsJobHost_OverridesTheFile()
    {
        using var folder = new AppFolder().With("host.json", """{"extensions":{"serviceBus":{"maxConcurrentCalls":2,"prefetchCount":3}}}""");

        var host = Load(folder, ("AzureFunctionsJobHost:extensions:serviceBus:maxConcurrentCalls", "9"));

        Assert.Equal(9, host.ServiceBus.MaxConcurrentCalls);
        Assert.Equal(3, host.ServiceBus.PrefetchCount);
    }

    private static HostJson Load(AppFolder folder, params (string Key, string Value)[] settings)
        => HostJson.Load(
            folder.Path,
            new ConfigurationBuilder()
                .AddInMemoryCollection(settings.Select(static s => KeyValuePair.Create(s.Key, (string?)s.Value)))
                .Build());
}
