using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Recover;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Redrive;

public sealed class ParkedMessagesTests(StorageEmulator storage) : FlowTest(storage)
{
    private const string Other = "job-ffffffffffffffffffffffffffffffff";

    private ParkedMessages Messages => new(new JumpingClient(Bench.Client, Bench.Time), NullLogger<ParkedMessages>.Instance);

    [Fact]
    public async Task Remove_All_TakesEveryMessageOfTheJobAndNoOther()
    {
        await ParkAsync("a", "x");
        await ParkAsync("b", "y");
        await Bench.SendAsync(Queues.Parked, new ServiceBusMessage("nonsense") { SessionId = Job, MessageId = "nonsense" });
        await Bench.SendAsync(Queues.Parked, new ServiceBusMessage("its") { SessionId = Other, MessageId = "other" });

        await RemoveAsync();

        Assert.Equal(["other"], await Bench.PeekIdsAsync(Queues.Parked));
    }

    [Fact]
    public async Task Remove_ByIdsAndCodes_TakesThoseThatAreInBoth()
    {
        await ParkAsync("a", "x");
        await ParkAsync("b", "x");
        await ParkAsync("c", "y");
        await Bench.SendAsync(Queues.Parked, Chunk("chunk", Samples.Item(1) with { Id = "a" }));
        await Bench.SendAsync(Queues.Parked, new ServiceBusMessage("nonsense") { SessionId = Job, MessageId = "nonsense" });

        await RemoveAsync(codes: ["x"], ids: ["a", "c"]);

        Assert.Equal(["b", "c", "chunk", "nonsense"], await Bench.PeekIdsAsync(Queues.Parked));
    }

    [Fact]
    public async Task Remove_NothingThere_WaitsForNothing()
    {
        var client = new JumpingClient(Bench.Client, Bench.Time);

        await new ParkedMessages(client, NullLogger<ParkedMessages>.Instance).RemoveAsync(Job, new RedriveSelection(null, null), Token).BoundedAsync();

        Assert.Empty(client.Waits);
    }

    [Fact]
    public async Task Remove_SomebodyHasThem_LeavesThem()
    {
        await ParkAsync("a", "x");
        await using var taken = await Bench.Client.AcceptSessionAsync(Queues.Parked, Job, cancellationToken: Token);

        await RemoveAsync();

        Assert.Single(await Bench.PeekIdsAsync(Queues.Parked));
    }

    [Fact]
    public async Task Clear_Selection_IsReadFromItsBlob()
    {
        await ParkAsync("a", "x");
        await ParkAsync("b", "x");
        await Bench.StoreAsync(JobBlobs.Redrive(Job, 1), new RedriveSelection(null, ["a"]).Write().ToMemory());

        await new ClearParked(Bench.Blobs, Messages).Run(new ClearOrder(Job, JobBlobs.Redrive(Job, 1)), Token).BoundedAsync();

        Assert.Equal(["b"], await Bench.PeekIdsAsync(Queues.Parked));
    }

    private static ServiceBusMessage Chunk(string messageId, params ChunkItem[] items)
    {
        var chunk = new ChunkMessage { Id = Samples.Chunk(0), Model = "model", ItemCount = items.Length, Items = items };
        return new ServiceBusMessage(JsonSerializer.SerializeToUtf8Bytes(chunk, ContractsJson.Wire.ChunkMessage)) { SessionId = Job, MessageId = messageId };
    }

    private Task ParkAsync(string id, string code)
    {
        var poison = new Poison("model", Samples.Failed(1) with { Id = id, Error = new JobError(code, "It was so.") }, Samples.Item(1));
        var body = JsonSerializer.SerializeToUtf8Bytes(poison, PoisonJson.Wire.Poison);
        return Bench.SendAsync(Queues.Parked, new ServiceBusMessage(body) { SessionId = Job, MessageId = id });
    }

    private Task RemoveAsync(HashSet<string>? codes = null, HashSet<string>? ids = null) =>
        Messages.RemoveAsync(Job, new RedriveSelection(codes, ids), Token).BoundedAsync();
}
