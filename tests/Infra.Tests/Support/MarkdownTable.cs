namespace ModelJobs.Infra.Tests.Support;

/// <summary>The tables of a page in docs/, so that what a page lists can be held against what there is.</summary>
internal static class MarkdownTable
{
    /// <summary>Cells of the first table below a heading, without its head.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Below(string heading, params string[] page)
    {
        var lines = Repository.Read(page).Split('\n').SkipWhile(line => line.TrimStart('#', ' ') != heading || !line.StartsWith('#')).ToList();
        Assert.True(lines.Count > 0, $"{string.Join('/', page)} has no heading '{heading}'.");
        return
        [
            .. lines.Skip(1).TakeWhile(line => !line.StartsWith('#')).SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|'))
                .Skip(2).Select(line => (IReadOnlyList<string>)[.. line.Trim().Trim('|').Split('|').Select(cell => cell.Trim())]),
        ];
    }
}
