using System.Diagnostics;
using System.Globalization;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.Bench.Measure;

namespace ModelJobs.Bench;

/// <summary>The broker without an app: one sender and one receiver, in batches, each message sent, received and completed.</summary>
internal static class BrokerAlone
{
    private const string Queue = "chunks";
    private const int Messages = 100_000;
    private const int Batch = 100;
    private const int BodyBytes = 256;

    public static async Task MeasureAsync(TextWriter output, BenchOptions options)
    {
        var table = new Table("state", "messages", "messages/s");
        foreach (var state in options.States)
        {
            using var folder = new TemporaryFolder();
            using var host = await StartAsync(state, folder.Path);
            await using var client = new ServiceBusClient(ConnectionOf(host));
            var run = 0;
            await Warmup.RunAsync(options.Warmup, messages => RunAsync(client, ++run, messages));
            var seconds = new List<double>();
            for (var repeat = 0; repeat < options.Repeats; repeat++)
            {
                seconds.Add(await RunAsync(client, ++run, Messages));
            }

            await host.StopAsync();
            table.Add(state, Messages.ToString("#,0", CultureInfo.InvariantCulture), (Messages / Median.Of(seconds)).ToString("#,0", CultureInfo.InvariantCulture));
        }

        table.Print(output, $"Broker alone: send, receive and complete, {Batch} a call, {BodyBytes} bytes each, duplicate detection on");
    }

    private static async Task<IHost> StartAsync(string state, string dataFolder)
    {
        // An app without functions: what is left of it is the broker.
        var builder = FunctionsApplication.CreateBuilder(
        [
            $"--LocalRuntime:AppRoot={AppContext.BaseDirectory}", $"--LocalRuntime:DataFolder={dataFolder}", $"--LocalRuntime:State={state}",
            "--LocalRuntime:HttpPort=0", "--LocalRuntime:Azurite=none",
        ]);
        builder.Logging.ClearProviders();
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static string ConnectionOf(IHost host) =>
        ((IConfiguration)host.Services.GetService(typeof(IConfiguration))!)["ServiceBus"] ?? throw new InvalidOperationException("The runtime has no Service Bus.");

    private static async Task<double> RunAsync(ServiceBusClient client, int run, int messages)
    {
        await using var sender = client.CreateSender(Queue);
        await using var receiver = client.CreateReceiver(Queue);
        var start = Stopwatch.GetTimestamp();
        var sending = Task.Run(async () =>
        {
            var body = new byte[BodyBytes];
            for (var sent = 0; sent < messages; sent += Batch)
            {
                await sender.SendMessagesAsync(Enumerable.Range(sent, Math.Min(Batch, messages - sent))
                    .Select(i => new ServiceBusMessage(body) { MessageId = $"{run}/{i}" }));
            }
        });
        for (var received = 0; received < messages;)
        {
            var batch = await receiver.ReceiveMessagesAsync(Batch);
            await Task.WhenAll(batch.Select(message => receiver.CompleteMessageAsync(message)));
            received += batch.Count;
        }

        await sending;
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
