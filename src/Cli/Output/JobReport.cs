using System.Globalization;
using System.Text.Json;
using ModelJobs.Contracts;
using Spectre.Console;

namespace ModelJobs.Cli.Output;

/// <summary>A job as a command's result: JSON for programs, words for people.</summary>
internal static class JobReport
{
    /// <summary>One line of JSON, as the service answers it.</summary>
    public static void WriteJson(TextWriter writer, Job job) =>
        writer.WriteLine(JsonSerializer.Serialize(job, ContractsJson.Wire.Job));

    /// <summary>How the job ended, in a few lines.</summary>
    /// <param name="writer">Standard output.</param>
    /// <param name="job">A job that has ended.</param>
    /// <param name="output">Where its results are.</param>
    /// <param name="errors">Where its errors are.</param>
    public static void WriteSummary(TextWriter writer, Job job, string output, string errors)
    {
        writer.WriteLine(
            $"Job {job.Id} {Ending(job)}: {JobText.Count(job.Items.Succeeded)} succeeded, {JobText.Count(job.Items.Failed)} failed" +
            $"{JobText.NotSucceeded(job.Items with { Failed = 0 })} of {JobText.Items(job.Items.Total)}");
        if (job.Error is { } error)
        {
            writer.WriteLine($"  reason   {PrintableText.Of(error.Message)} ({PrintableText.Of(error.Code)})");
        }

        if (JobText.Took(job) is { } took)
        {
            var rate = job.ItemsPerSecond is null ? "" : $", {JobText.Rate(job.ItemsPerSecond)}";
            writer.WriteLine($"  took     {JobText.Duration(took)}{rate}");
        }

        if (job.Capacity is { } capacity)
        {
            writer.WriteLine($"  nodes    {CapacityReport.Line(capacity)}");
        }

        if (job.Usage is { } usage)
        {
            writer.WriteLine($"  used     {CapacityReport.Line(usage)}");
        }

        writer.WriteLine($"  results  {output}");
        writer.WriteLine($"  errors   {(JobText.NotSucceeded(job.Items).Length == 0 ? "none" : errors)}");
    }

    /// <summary>Everything that the service says of a job.</summary>
    public static void WritePanel(IAnsiConsole console, Job job)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        void Row(string name, string value) => grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(PrintableText.Of(value)));

        Row("status", job.Status.ToString());
        if (job.Error is { } error)
        {
            Row("error", $"{error.Message} ({error.Code})");
        }

        Row("model", job.Model);
        Row("items", $"{JobText.Count(JobText.Done(job.Items))} of {JobText.Count(job.Items.Total)} ({JobText.Percent(job.Percent)})");
        Row("", $"{JobText.Count(job.Items.Succeeded)} succeeded, {JobText.Count(job.Items.Failed)} failed{JobText.NotSucceeded(job.Items with { Failed = 0 })}");
        Row("pages", $"{JobText.Count(job.Pages.Completed)} of {JobText.Count(job.Pages.Total)}{(job.Pages.Window is { } window ? $", at most {JobText.Count(window)} in flight" : "")}");
        Row("rate", JobText.Rate(job.ItemsPerSecond));
        if (!job.HasEnded())
        {
            Row("left", job.EtaSeconds is { } eta ? JobText.Duration(TimeSpan.FromSeconds(eta)) : "unknown");
        }

        if (job.Capacity is { } capacity)
        {
            Row("nodes", CapacityReport.Line(capacity));
        }

        if (job.Usage is { } usage)
        {
            Row("used", CapacityReport.Line(usage));
        }

        if (job.Balance is { } balance)
        {
            Row("balance", BalanceText.Line(balance));
        }

        Row("options", Options(job.Options));
        Row("created", JobText.Moment(job.CreatedAt));
        Row("updated", JobText.Moment(job.LastUpdatedAt));
        if (job.CompletedAt is { } completed)
        {
            Row("completed", $"{JobText.Moment(completed)} (took {JobText.Duration(completed - job.CreatedAt)})");
        }

        if (job.Webhook is { } webhook)
        {
            Row("webhook", Webhook(webhook));
        }

        Row("self", job.Links.Self);
        Row("results", job.Links.Results);
        Row("errors", job.Links.Errors);
        Row("parked", job.Links.Parked);
        console.Write(new Panel(grid).Header(Markup.Escape($" Job {job.Id} ")));
    }

    /// <summary>One line a job.</summary>
    public static void WriteTable(IAnsiConsole console, IEnumerable<Job> jobs)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns(Column("Job"), Column("Status"), Column("Model"), Column("Items", right: true), Column("Done", right: true),
                Column("Failed", right: true), Column("Created"), Column("Took", right: true));
        foreach (var job in jobs)
        {
            string[] cells =
            [
                job.Id, job.Status.ToString(), job.Model, JobText.Count(job.Items.Total), JobText.Percent(job.Percent),
                JobText.Count(job.Items.Failed), JobText.Moment(job.CreatedAt),
                JobText.Took(job) is { } took ? JobText.Duration(took) : "",
            ];
            table.AddRow(cells.Select(cell => new Text(PrintableText.Of(cell))));
        }
        console.Write(table);
    }

    private static TableColumn Column(string name, bool right = false)
    {
        var column = new TableColumn(name).NoWrap();
        return right ? column.RightAligned() : column;
    }

    private static string Ending(Job job) => job switch
    {
        { Status: JobStatus.Succeeded, Items.Failed: > 0 } => "ended with failed items",
        { Status: JobStatus.Succeeded, Items.Canceled: > 0 } => "ended with canceled items",
        { Status: JobStatus.Succeeded } => "succeeded",
        { Status: JobStatus.Failed } => "failed",
        { Status: JobStatus.Canceled } => "was canceled",
        _ => $"is {job.Status}",
    };

    private static string Webhook(JobWebhook webhook)
    {
        var answer = string.Join(' ', new[] { webhook.LastStatus?.ToString(CultureInfo.InvariantCulture), webhook.LastError }.OfType<string>());
        var last = answer.Length == 0 ? "" : $", last {answer}";
        var next = webhook.NextAttemptAt is { } at ? $", next {JobText.Moment(at)}" : "";
        var attempts = webhook.Attempts == 1 ? "1 attempt" : $"{JobText.Count(webhook.Attempts)} attempts";
        return $"{webhook.State.ToString().ToLowerInvariant()} after {attempts}{last}{next}";
    }

    private static string Options(JobOptions options)
    {
        var chosen = new List<string>();
        if (options.OrderByKey)
        {
            chosen.Add("ordered by key");
        }

        if (options.ChunkItems is { } items)
        {
            chosen.Add($"{items} items in a chunk");
        }

        if (options.MaxConcurrency is { } concurrency)
        {
            chosen.Add($"at most {concurrency} chunks at once");
        }

        if (options.Priority != JobPriority.Normal)
        {
            chosen.Add(options.Priority == JobPriority.High ? "high priority" : "low priority");
        }

        if (options.OnFailure == FailureAction.StopLane)
        {
            chosen.Add("a failure stops its key");
        }

        if (options.Tolerate is { } tolerance)
        {
            chosen.Add($"at most {tolerance} failed");
        }

        if (options.Deadline is { } deadline)
        {
            chosen.Add($"deadline {JobText.Duration(deadline)}");
        }

        if (options.Retention is { } retention)
        {
            chosen.Add($"kept {JobText.Duration(retention)}");
        }

        if (options.Webhook is { } webhook)
        {
            chosen.Add($"tells {webhook}");
        }

        return chosen.Count == 0 ? "defaults" : string.Join(", ", chosen);
    }
}
