namespace ModelJobs.ApiSurface.Tests;

/// <summary>
/// The public API of the Azure packages as <c>Api/*.txt</c> lists it: a line for each type and member, <c>#</c> for comments.
/// </summary>
internal sealed class ApiLists
{
    private const string Comment = "#";
    private const string Attribute = "A ";

    // It hides a member from completion; what compiles is the same.
    private const string HiddenFromCompletion = " [EditorBrowsable.Never]";

    private readonly HashSet<string> _lines;

    private ApiLists(IEnumerable<string> lines) => _lines = lines
        .Where(line => line.Length > 0 && !Starts(line, Comment) && !Starts(line, Attribute))
        .Select(line => line.Replace(HiddenFromCompletion, "", StringComparison.Ordinal))
        .ToHashSet(StringComparer.Ordinal);

    public int Count => _lines.Count;

    /// <summary>A line for each type and member.</summary>
    public IEnumerable<string> Lines => _lines;

    /// <summary>Reads the lists that stand beside the test assembly.</summary>
    public static ApiLists Read() => new(
        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Api"), "*.txt").SelectMany(File.ReadLines));

    public static ApiLists Of(params string[] lines) => new(lines);

    public bool Contains(string line) => _lines.Contains(line);

    /// <summary>
    /// The listed line that shares the longest beginning and end with <paramref name="line"/>: most often the same member with another
    /// signature, or the same signature elsewhere. Null when there are no lines.
    /// </summary>
    public string? Nearest(string line) => _lines.MaxBy(listed => Likeness(line, listed));

    private static bool Starts(string line, string mark) => line.StartsWith(mark, StringComparison.Ordinal);

    private static int Likeness(string left, string right)
    {
        var start = left.AsSpan().CommonPrefixLength(right);
        var rest = Math.Min(left.Length, right.Length) - start;
        var end = 0;
        while (end < rest && left[^(end + 1)] == right[^(end + 1)])
        {
            end++;
        }

        return start + end;
    }
}
