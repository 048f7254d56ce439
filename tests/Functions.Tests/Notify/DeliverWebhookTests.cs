using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Tests.Status;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support.Webhooks;

namespace ModelJobs.Functions.Tests.Notify;

public sealed class DeliverWebhookTests : IDisposable
{
    private readonly FakeDurableClient _durable = new();
    private readonly RecordingLogger<DeliverWebhook> _log = new();
    private readonly WebhookSettings _settings = new() { Secret = WebhookSignatureTests.Secret, AllowPrivateAddresses = true };
    private readonly WebhookSender _sender;

    public DeliverWebhookTests()
    {
        _sender = new WebhookSender(_settings, new WebhookConnection(_settings), new FakeTimeProvider(StatusBench.Created));
        _durable.Set(FlowBench.Job, OrchestrationRuntimeStatus.Completed);
    }

    [Fact]
    public async Task Run_ReceiverTakesIt_IsDeliveredUnderTheSameIdEachTime()
    {
        await using var receiver = await WebhookReceiver.StartAsync(200, 204);

        Assert.Equal(new WebhookAttempt(WebhookOutcome.Delivered, 200), await RunAsync(receiver.Url));
        Assert.Equal(new WebhookAttempt(WebhookOutcome.Delivered, 204), await RunAsync(receiver.Url));

        Assert.All(receiver.Calls, call => Assert.Equal(("webhook-" + FlowBench.Job + "-0000000003", "/hook?token=secret-token"), (call.Id, call.Path)));
        Assert.All(receiver.Calls, call => Assert.True(call.IsSignedWith(WebhookSignatureTests.Secret)));
        Assert.Empty(_log.Messages);
    }

    [Theory]
    [InlineData(302, WebhookOutcome.Failed)]
    [InlineData(400, WebhookOutcome.Failed)]
    [InlineData(410, WebhookOutcome.Gone)]
    [InlineData(500, WebhookOutcome.Failed)]
    public async Task Run_ReceiverRefusesIt_SaysWithWhatAndLogsNoToken(int status, object outcome)
    {
        await using var receiver = await WebhookReceiver.StartAsync(async (context, _) =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync("what the receiver says");
        });

        var attempt = await RunAsync(receiver.Url);

        Assert.Equal(((WebhookOutcome)outcome, status), (attempt.Outcome, attempt.Status));
        Assert.InRange(attempt.Jitter, 0, 0.1);
        var line = Assert.Single(_log.Messages);
        Assert.EndsWith($"127.0.0.1:{receiver.Port} was not told: status {status}, refused", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-token", line, StringComparison.Ordinal);
        Assert.DoesNotContain("what the receiver says", line + attempt, StringComparison.Ordinal);
        Assert.DoesNotContain(WebhookSignatureTests.Secret, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("60", 60)]
    [InlineData("100000000", 86_400)]
    [InlineData("Sat, 01 Jan 2000 00:00:00 GMT", 0)]
    public async Task Run_RetryAfter_IsKeptWithinBounds(string header, int seconds)
    {
        await using var receiver = await WebhookReceiver.StartAsync((context, _) =>
        {
            (context.Response.StatusCode, context.Response.Headers.RetryAfter) = (429, header);
            return Task.CompletedTask;
        });

        Assert.Equal(TimeSpan.FromSeconds(seconds), (await RunAsync(receiver.Url)).RetryAfter);
    }

    [Fact]
    public async Task Run_JobIsDeleted_SendsNothing()
    {
        await using var receiver = await WebhookReceiver.StartAsync(200);
        await _durable.PurgeInstanceAsync(FlowBench.Job, options: null, TestContext.Current.CancellationToken);

        Assert.Equal(WebhookOutcome.JobDeleted, (await RunAsync(receiver.Url)).Outcome);
        Assert.Empty(receiver.Calls);
    }

    [Theory]
    [InlineData(3, WebhookOutcome.JobRuns)]
    [InlineData(4, WebhookOutcome.Delivered)]
    public async Task Run_JobRuns_SendsOnceItsRoundHasEnded(int round, object outcome)
    {
        await using var receiver = await WebhookReceiver.StartAsync(200);
        _durable.Set(StatusBench.Run with { Round = round }, OrchestrationRuntimeStatus.Running);

        Assert.Equal((WebhookOutcome)outcome, (await RunAsync(receiver.Url)).Outcome);
    }

    [Fact]
    public async Task Run_ReceiverIsNotAllowedAnyMore_SendsNothingAndSaysSo()
    {
        await using var receiver = await WebhookReceiver.StartAsync(200);
        _settings.AllowedHosts = "hooks.example.org";

        var attempt = await RunAsync(receiver.Url);

        Assert.Equal((WebhookOutcome.Failed, DeliverWebhook.NotAllowed), (attempt.Outcome, attempt.Error));
        Assert.Empty(receiver.Calls);
    }

    public void Dispose() => _sender.Dispose();

    private Task<WebhookAttempt> RunAsync(string url) =>
        new DeliverWebhook(new WebhookPolicy(_settings), _sender, new Random(1), _log)
            .Run(new WebhookOrder(FlowBench.Job, Round: 3, url, "{}"), _durable, TestContext.Current.CancellationToken).BoundedAsync();
}
