using System.Globalization;
using System.Text.Json;
using ModelJobs.Contracts;
using Spectre.Console;

namespace ModelJobs.Cli.Output;

/// <summary>What a job would take, as a command's result.</summary>
internal static class EstimateReport
{
    /// <summary>Writes an estimate.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="job">The estimate.</param>
    /// <param name="asJson">Whether as one line of JSON, as the service answers it, instead of a table.</param>
    public static void Write(CommandConsole console, JobEstimate job, bool asJson)
    {
        if (asJson)
        {
            console.Output.WriteLine(JsonSerializer.Serialize(job, ContractsJson.Wire.JobEstimate));
            return;
        }

        var prices = job.Cost?.Lines.ToDictionary(line => line.Name) ?? [];
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("Estimate").NoWrap())
            .AddColumn(new TableColumn("Count").NoWrap().RightAligned())
            .AddColumn(new TableColumn(PrintableText.Of(job.Cost is { } cost ? $"Cost, {cost.Currency}" : "Cost")).NoWrap().RightAligned());
        Row("items", job.Items);
        Row("bytes", job.Bytes);
        Row("pages", job.Pages);
        Row("chunks", job.Chunks);
        Row("Service Bus operations", job.ServiceBus.Operations, "serviceBusOperations");
        Row("  sent", job.ServiceBus.Sent);
        Row("  received", job.ServiceBus.Received);
        Row("  completed", job.ServiceBus.Completed);
        Row("  of sessions", job.ServiceBus.Sessions);
        Row("storage writes", job.Storage.Writes, "storageWrites");
        Row("storage reads", job.Storage.Reads, "storageReads");
        Row("function executions", job.Executions, "executions");
        Row("durable actions", job.Durable.Orchestrations + job.Durable.Activities, "durableActions");
        Row("durable history events", job.Durable.HistoryEvents);
        if (job.Tokens is { } tokens)
        {
            Row("input tokens", tokens.Input, "inputTokens");
            Row("output tokens", tokens.Output, "outputTokens");
        }

        if (job.Cost is { } sum)
        {
            table.AddRow(new Text("total"), new Text(""), new Text(Amount(sum.Total)));
        }

        console.OutputRich.Write(table);
        if (job.Cost?.PricesAsOf is { } date)
        {
            console.Error.WriteLine($"Prices: {PrintableText.Of(date)}. Without the time that functions run, and without retries.");
        }

        void Row(string name, long count, string? price = null) => table.AddRow(
            new Text(name), new Text(JobText.Count(count)), new Text(price is not null && prices.TryGetValue(price, out var line) ? Amount(line.Amount) : ""));
    }

    private static string Amount(decimal amount) => amount.ToString("#,##0.0000", CultureInfo.InvariantCulture);
}
