using ModelJobs.Cli.Output;
using Spectre.Console;

namespace ModelJobs.Cli.History;

/// <summary>Prints timelines: when, a bar, how long, what.</summary>
internal static class HistoryReport
{
    private const int BarWidth = 24;

    /// <summary>Most characters of a step's detail; `--json` has all of it.</summary>
    private const int MaxDetail = 200;

    /// <summary>A timeline with its heading, and below some of its steps the timelines of their own.</summary>
    /// <param name="console">Standard output.</param>
    /// <param name="timeline">The timeline.</param>
    /// <param name="nested">Timelines of sub-orchestrations, by instance id.</param>
    /// <param name="all">Whether to show every step however many there are.</param>
    public static void Write(IAnsiConsole console, Timeline timeline, IReadOnlyDictionary<string, Timeline> nested, bool all)
    {
        WriteHeading(console, timeline);
        var grid = new Grid()
            .AddColumn(new GridColumn().NoWrap().RightAligned())
            .AddColumn(new GridColumn().NoWrap())
            .AddColumn(new GridColumn().NoWrap().RightAligned())
            .AddColumn(new GridColumn());
        AddRows(grid, timeline, nested, all, timeline, indent: "  ");
        console.Write(grid);
        if (!all && timeline.Steps.Count > TimelineRows.MaxSteps)
        {
            console.WriteLine($"  {JobText.Count(timeline.Steps.Count)} steps; --all shows each.");
        }
    }

    private static void WriteHeading(IAnsiConsole console, Timeline timeline)
    {
        var hasEnded = timeline.Status.HasEnded;
        Style tone = new(timeline.Status.RuntimeStatus switch
        {
            "Completed" => Color.Green,
            "Failed" or "Terminated" => Color.Red,
            _ => Color.Yellow,
        });
        var heading = new Paragraph($"{timeline.Status.Name} {PrintableText.Of(timeline.Status.InstanceId)}  ");
        heading.Append(timeline.Status.RuntimeStatus, tone);
        console.Write(heading);
        console.WriteLine();
        console.WriteLine($"  {(hasEnded ? "took" : "runs for")} {JobText.Duration(timeline.Duration)}, since {JobText.Moment(timeline.Start)}");
        if (timeline.Failure is { } failure)
        {
            console.Write(new Paragraph($"  {PrintableText.Of(failure)}\n", new Style(Color.Red)));
        }

        if (timeline.PagesBefore > 0)
        {
            console.WriteLine($"  {JobText.Count(timeline.PagesBefore)} pages were done before; the history began anew after them.");
        }

        if (timeline.Steps.Count == 0)
        {
            console.WriteLine("  Nothing has happened yet.");
        }
    }

    /// <param name="grid">Takes the rows.</param>
    /// <param name="timeline">Whose rows.</param>
    /// <param name="nested">Timelines of sub-orchestrations, by instance id.</param>
    /// <param name="all">Whether to show every step.</param>
    /// <param name="scale">The timeline that bars and times refer to.</param>
    /// <param name="indent">Before each title.</param>
    private static void AddRows(
        Grid grid, Timeline timeline, IReadOnlyDictionary<string, Timeline> nested, bool all, Timeline scale, string indent)
    {
        foreach (var row in TimelineRows.Of(timeline, all))
        {
            var tone = ToneOf(row.Tone);
            var title = new Paragraph(indent + PrintableText.Of(row.Title), tone);
            if (row.Detail.Length > 0)
            {
                title.Append($"  {Short(PrintableText.Of(row.Detail))}", row.Tone == RowTone.Failed ? tone : new Style(Color.Grey));
            }

            grid.AddRow(
                new Text($"+{JobText.Duration(row.Start - scale.Start)}", new Style(Color.Grey)),
                new Text(Bar(row, scale), tone),
                new Text(row.Step is { Kind: StepKind.Signal } ? "" : JobText.Duration(row.End - row.Start)),
                title);
            if (row.Step?.InstanceId is { } id && nested.TryGetValue(id, out var inner))
            {
                AddRows(grid, inner, nested, all, scale, indent + "    ");
            }
        }
    }

    /// <summary>Where in the whole the row lies; at least one cell, however short it is.</summary>
    private static string Bar(TimelineRow row, Timeline scale)
    {
        var cells = BarWidth / Math.Max(scale.Duration.TotalSeconds, double.Epsilon);
        var start = Math.Clamp((int)((row.Start - scale.Start).TotalSeconds * cells), 0, BarWidth - 1);
        var end = Math.Clamp((int)Math.Ceiling((row.End - scale.Start).TotalSeconds * cells), start + 1, BarWidth);
        var mark = row switch { { Step.Kind: StepKind.Signal } => '|', { Step: null, Tone: RowTone.Warning } => '.', { Step.Kind: StepKind.Wait } => '.', _ => '█' };
        return new string(' ', start) + new string(mark, end - start) + new string(' ', BarWidth - end);
    }

    private static string Short(string detail) => detail.Length <= MaxDetail ? detail : detail[..MaxDetail] + "…";

    private static Style ToneOf(RowTone tone) => tone switch
    {
        RowTone.Failed => new Style(Color.Red),
        RowTone.Warning => new Style(Color.Yellow),
        RowTone.Open => new Style(Color.Blue),
        _ => Style.Plain,
    };
}
