using System.Text;

namespace ModelJobs.Bench.Digits;

/// <summary>The input of the comparison: the digits of the samples, repeated, under new ids, as one NDJSON file.</summary>
internal static class DigitLines
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="items">Number of lines.</param>
    public static void Write(string path, int items)
    {
        var samples = File.ReadAllLines(Path.Combine(BuiltPaths.Samples, "digits.jsonl"));
        using var file = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        for (var i = 0; i < items; i++)
        {
            // The line after its id.
            var sample = samples[i % samples.Length];
            var rest = sample.AsSpan(sample.IndexOf(",\"input\"", StringComparison.Ordinal));
            file.Write($"{{\"id\":\"digit-{i}\"");
            file.WriteLine(rest);
        }
    }
}
