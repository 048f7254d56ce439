using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.DependencyInjection;

namespace ModelJobs.LocalRuntime.Tests.Worker;

public sealed partial class ServiceBusTriggerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AutoComplete_FunctionReturns_MessageIsGone()
    {
        var seen = new Seen();
        await using (var app = await TestApp.StartAsync<AutoCompleting>(builder => builder.Services.AddSingleton(seen)))
        {
            await SendAsync(app, "plain", new ServiceBusMessage("hello"));
            Assert.Equal("hello delivery 1", await seen.NextAsync());
            // The next message is taken after the first one was settled: there is one place.
            await SendAsync(app, "plain", new ServiceBusMessage("again"));
            Assert.Equal("again delivery 1", await seen.NextAsync());
            await app.Host.StopAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);
            Assert.Empty(await PeekAsync(app, "plain"));
        }

        Assert.False(seen.HasMore);
    }

    [Fact]
    public async Task AutoComplete_FunctionThrows_MessageComesAgainUntilItIsDeadLettered()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Throwing>(builder => builder.Services.AddSingleton(seen));

        await SendAsync(app, "plain", new ServiceBusMessage("bad"));

        Assert.Equal("bad delivery 1", await seen.NextAsync());
        Assert.Equal("bad delivery 2", await seen.NextAsync());
        Assert.Equal("bad delivery 3", await seen.NextAsync());
        Assert.Equal("dead bad because MaxDeliveryCountExceeded", await seen.NextAsync());
    }

    [Fact]
    public async Task ManualSettlement_FunctionDeadLetters_DeadLetterFunctionGetsItOnce()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Settling>(builder => builder.Services.AddSingleton(seen));

        await SendAsync(app, "plain", new ServiceBusMessage("dead-letter"));

        Assert.Equal("dead-letter delivery 1", await seen.NextAsync());
        Assert.Equal("dead dead-letter because asked", await seen.NextAsync());
    }

    [Fact]
    public async Task ManualSettlement_FunctionAbandons_MessageComesAgain()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Settling>(builder => builder.Services.AddSingleton(seen));

        await SendAsync(app, "plain", new ServiceBusMessage("abandon"));

        Assert.Equal("abandon delivery 1", await seen.NextAsync());
        Assert.Equal("abandon delivery 2", await seen.NextAsync());
    }

    [Fact]
    public async Task ManualSettlement_FunctionThrows_MessageIsAbandoned()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Settling>(builder => builder.Services.AddSingleton(seen));

        await SendAsync(app, "plain", new ServiceBusMessage("throw"));

        Assert.Equal("throw delivery 1", await seen.NextAsync());
        Assert.Equal("throw delivery 2", await seen.NextAsync());
    }

    [Fact]
    public async Task ManualSettlement_FunctionCompletesThenThrows_MessageStaysComplete()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Settling>(
            builder => builder.Services.AddSingleton(seen), "--AzureFunctionsJobHost:extensions:serviceBus:maxConcurrentCalls=1");

        await SendAsync(app, "plain", new ServiceBusMessage("complete-throw"), new ServiceBusMessage("complete"));

        Assert.Equal("complete-throw delivery 1", await seen.NextAsync());
        Assert.Equal("complete delivery 1", await seen.NextAsync());
    }

    [Fact]
    public async Task ManualSettlement_LeftOut_MessageStaysLocked()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Settling>(
            builder => builder.Services.AddSingleton(seen), "--AzureFunctionsJobHost:extensions:serviceBus:maxConcurrentCalls=1");

        await SendAsync(app, "plain", new ServiceBusMessage("leave"), new ServiceBusMessage("complete"));

        Assert.Equal("leave delivery 1", await seen.NextAsync());
        Assert.Equal("complete delivery 1", await seen.NextAsync());
        await app.Host.StopAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);
        Assert.Equal("leave", Assert.Single(await PeekAsync(app, "plain")).Body.ToString());
    }

    [Fact]
    public async Task AutoComplete_NotOnTheAttribute_IsTakenFromHostJson()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<AutoCompleting>(
            builder => builder.Services.AddSingleton(seen), "--AzureFunctionsJobHost:extensions:serviceBus:autoCompleteMessages=false");

        await SendAsync(app, "plain", new ServiceBusMessage("kept"));

        Assert.Equal("kept delivery 1", await seen.NextAsync());
        await app.Host.StopAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);
        Assert.Single(await PeekAsync(app, "plain"));
    }

    [Fact]
    public async Task MaxConcurrentCalls_ManyMessages_IsReachedAndNotExceeded()
    {
        const int Limit = 3;
        var crowd = new Crowd(Limit, visitors: 30);
        await using var app = await TestApp.StartAsync<Crowding>(
            builder => builder.Services.AddSingleton(crowd), $"--AzureFunctionsJobHost:extensions:serviceBus:maxConcurrentCalls={Limit}");

        await SendAsync(app, "plain", [.. Enumerable.Range(0, 30).Select(static i => new ServiceBusMessage($"{i}"))]);
        await crowd.WhenAllServedAsync();

        Assert.Equal(Limit, crowd.Most);
    }

    [Fact]
    public async Task Sessions_ManySideBySide_EachInOrderOneAtATime()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Ordered>(
            builder => builder.Services.AddSingleton(seen), "--AzureFunctionsJobHost:extensions:serviceBus:maxConcurrentSessions=4");

        string[] sessions = ["a", "b", "c"];
        await SendAsync(app, "ordered", [.. Enumerable.Range(0, 60).Select(i => new ServiceBusMessage($"{i}") { SessionId = sessions[i % 3] })]);
        var order = new List<(string Session, int Number)>();
        while (order.Count < 60)
        {
            var parts = (await seen.NextAsync()).Split(' ');
            order.Add((parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)));
        }

        foreach (var session in order.GroupBy(static entry => entry.Session))
        {
            Assert.Equal(session.Select(static entry => entry.Number).Order(), session.Select(static entry => entry.Number));
        }
    }

    [Fact]
    public async Task Sessions_FunctionThrows_SameMessageComesBeforeTheNext()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<OrderedFailingOnce>(builder => builder.Services.AddSingleton(seen));

        await SendAsync(app, "ordered", new ServiceBusMessage("1") { SessionId = "s" }, new ServiceBusMessage("2") { SessionId = "s" });

        Assert.Equal("1 delivery 1", await seen.NextAsync());
        Assert.Equal("1 delivery 2", await seen.NextAsync());
        Assert.Equal("2 delivery 1", await seen.NextAsync());
        Assert.Equal("2 delivery 2", await seen.NextAsync());
    }

    [Fact]
    public async Task SessionState_SetByOneInvocation_IsReadByTheNext()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Counting>(builder => builder.Services.AddSingleton(seen));

        await SendAsync(app, "ordered", [.. Enumerable.Range(0, 3).Select(static i => new ServiceBusMessage($"{i}") { SessionId = "s" })]);

        Assert.Equal("state ''", await seen.NextAsync());
        Assert.Equal("state '1'", await seen.NextAsync());
        Assert.Equal("state '11'", await seen.NextAsync());
    }

    [Fact]
    public async Task ReleaseSession_WithOnePlaceAndALongIdleTimeout_LetsTheNextSessionIn()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Releasing>(
            builder => builder.Services.AddSingleton(seen),
            "--AzureFunctionsJobHost:extensions:serviceBus:maxConcurrentSessions=1",
            "--AzureFunctionsJobHost:extensions:serviceBus:sessionIdleTimeout=01:00:00");

        await SendAsync(app, "ordered", new ServiceBusMessage("x") { SessionId = "a" }, new ServiceBusMessage("y") { SessionId = "b" });

        Assert.Equal("a", await seen.NextAsync());
        Assert.Equal("b", await seen.NextAsync());
    }

    [Fact]
    public async Task IsBatched_MessagesWaiting_AreHandedOverTogether()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Batched>(builder => builder.Services.AddSingleton(seen));

        await SendAsync(app, "plain", new ServiceBusMessage("1"), new ServiceBusMessage("2"), new ServiceBusMessage("3"));

        Assert.Equal("1,2,3", await seen.NextAsync());
        await app.Host.StopAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);
        Assert.Empty(await PeekAsync(app, "plain"));
    }

    [Fact]
    public async Task Message_WithDiagnosticId_ContinuesItsTrace()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Traced>(builder => builder.Services.AddSingleton(seen));
        var message = new ServiceBusMessage("x");
        message.ApplicationProperties["Diagnostic-Id"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        await SendAsync(app, "plain", message);

        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", await seen.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scope_OfEachInvocation_IsItsOwnAndDisposed()
    {
        var seen = new Seen();
        await using var app = await TestApp.StartAsync<Scoped>(builder =>
        {
            builder.Services.AddSingleton(seen);
            builder.Services.AddScoped<ScopedService>();
        });

        await SendAsync(app, "plain", new ServiceBusMessage("x"), new ServiceBusMessage("x"));
        // Each invocation uses its scoped service, which is disposed after it.
        string[] lines = [await seen.NextAsync(), await seen.NextAsync(), await seen.NextAsync(), await seen.NextAsync()];

        Assert.Equal(["disposed", "disposed", "used 1", "used 1"], lines.Order(StringComparer.Ordinal));
    }

    private static async Task SendAsync(TestApp app, string queue, params ServiceBusMessage[] messages)
    {
        await using var sender = app.Bus.CreateSender(queue);
        await sender.SendMessagesAsync(messages, Cancel).WaitAsync(TestApp.Limit, Cancel);
    }

    private static async Task<IReadOnlyList<ServiceBusReceivedMessage>> PeekAsync(TestApp app, string queue)
    {
        await using var receiver = app.Bus.CreateReceiver(queue);
        return await receiver.PeekMessagesAsync(10, cancellationToken: Cancel).WaitAsync(TestApp.Limit, Cancel);
    }
}
