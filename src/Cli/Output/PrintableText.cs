namespace ModelJobs.Cli.Output;

/// <summary>Makes text that came from elsewhere, a model's answer say, safe to show on one line of a terminal.</summary>
internal static class PrintableText
{
    /// <summary>Most characters that are shown; the rest is in the files.</summary>
    public const int MaxLength = 1000;

    /// <summary>The text with its control characters, escape sequences among them, as spaces, cut at <see cref="MaxLength"/>.</summary>
    public static string Of(string text)
    {
        var shown = text.AsSpan(0, Math.Min(text.Length, MaxLength));
        var clean = string.Create(shown.Length, shown, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                target[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
        return text.Length > MaxLength ? clean + "…" : clean;
    }
}
