using System.Text.Json;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Output;

/// <summary>What a small job answered, one line an item, in input order.</summary>
internal static class ItemPreview
{
    /// <summary>Most items of a job whose answers are shown; those of a larger one are in its files only.</summary>
    public const int MaxItems = 20;

    /// <summary>Reads the answers from a job's files.</summary>
    /// <param name="files">Files of a job of at most <see cref="MaxItems"/> items.</param>
    /// <param name="cancellationToken">Breaks off reading.</param>
    public static async Task<IReadOnlyList<string>> ReadAsync(ResultFiles files, CancellationToken cancellationToken)
    {
        var results = new List<ItemResult>();
        foreach (var path in (string[])[files.Output, files.Errors])
        {
            await foreach (var line in File.ReadLinesAsync(path, cancellationToken))
            {
                results.Add(JsonSerializer.Deserialize(line, ContractsJson.Wire.ItemResult)!);
            }
        }

        return [.. results.OrderBy(result => result.Index).Select(Line)];
    }

    private static string Line(ItemResult result) => PrintableText.Of(result switch
    {
        { Status: ItemStatus.Canceled, Error: { } reason } => $"Item {result.Id} was canceled: {reason.Message} ({reason.Code})",
        { Error: { } error } => $"Item {result.Id} failed: {error.Message} ({error.Code})",
        { Output: { ValueKind: JsonValueKind.String } text } => text.GetString()!,
        { Output: { } output } => output.GetRawText(),
        _ => "",
    });
}
