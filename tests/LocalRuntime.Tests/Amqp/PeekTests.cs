using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ModelJobs.LocalRuntime.Amqp;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class PeekTests
{
    private const int Messages = 20;
    private const int BodyBytes = 200 * 1024;

    [Fact]
    public async Task Peek_AtMoreThanAnAnswerTakes_BringsTheFirstAndTheRestWhenAskedAgain()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        for (var i = 0; i < Messages; i++)
        {
            await endpoint.Broker.Find("q").SendAsync([new SentMessage { Body = new byte[BodyBytes] }]);
        }

        var session = await endpoint.BeginAsync();
        var (seen, calls) = (0, 0);
        for (; seen < Messages; calls++)
        {
            var messages = await PeekAsync(session, from: seen + 1);
            Assert.InRange(messages.Count, 1, AmqpLimits.MaxPeekedBytes / BodyBytes);
            seen += messages.Count;
        }

        Assert.Equal(Messages, seen);
        Assert.Equal(4, calls);
    }

    private static async Task<List> PeekAsync(Session session, long from)
    {
        var answer = await TestEndpoint.RequestAsync(session, "q/$management", new Message
        {
            BodySection = new AmqpValue { Value = new Map { ["from-sequence-number"] = from, ["message-count"] = Messages } },
            ApplicationProperties = new ApplicationProperties { Map = { ["operation"] = "com.microsoft:peek-message" } },
        });
        return (List)((Map)answer.Body)["messages"];
    }
}
