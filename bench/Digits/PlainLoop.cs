using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Process.Runners.Onnx;

namespace ModelJobs.Bench.Digits;

/// <summary>
/// What somebody would write who has a file, a model and no system: read lines, parse them, run a batch, write result lines. On one thread,
/// while a run of the session uses as many as the app's.
/// </summary>
/// <param name="batchItems">Items of a run.</param>
/// <param name="options">Options of the session.</param>
internal sealed class PlainLoop(int batchItems, OnnxRunnerOptions options) : IDisposable
{
    private const int Pixels = 28 * 28;
    private const int Classes = 10;

    private static readonly string[] Inputs = ["pixels"];
    private static readonly string[] Outputs = ["digit", "probabilities"];

    private readonly InferenceSession _session = OnnxModel.Load(Path.Combine(BuiltPaths.Samples, "digits.onnx"), options);
    private readonly RunOptions _run = new();

    /// <summary>Answers a file of items with a file of results.</summary>
    /// <returns>Seconds, and of them those in the runs of the session.</returns>
    public (double Seconds, double RunSeconds) Run(string input, string output)
    {
        var start = Stopwatch.GetTimestamp();
        var running = TimeSpan.Zero;
        var pixels = new float[batchItems * Pixels];
        var items = new List<(string Id, JsonElement Meta)>(batchItems);
        var index = 0L;
        using (var results = new BufferedStream(File.Create(output), 256 * 1024))
        using (var json = new Utf8JsonWriter(results))
        {
            foreach (var line in File.ReadLines(input))
            {
                Parse(line, items, pixels);
                if (items.Count == batchItems)
                {
                    RunBatch();
                }
            }

            RunBatch();

            void RunBatch()
            {
                if (items.Count == 0)
                {
                    return;
                }

                var begin = Stopwatch.GetTimestamp();
                using var outputs = Infer(pixels, items.Count);
                running += Stopwatch.GetElapsedTime(begin);
                var digits = outputs[0].GetTensorDataAsSpan<long>();
                var probabilities = outputs[1].GetTensorDataAsSpan<float>();
                for (var i = 0; i < items.Count; i++)
                {
                    Write(json, index++, items[i], digits[i], probabilities.Slice(i * Classes, Classes));
                    json.Flush();
                    json.Reset();
                    results.WriteByte((byte)'\n');
                }

                items.Clear();
            }
        }

        return (Stopwatch.GetElapsedTime(start).TotalSeconds, running.TotalSeconds);
    }

    /// <summary>The runs alone, on pixels that are there already.</summary>
    /// <param name="items">Items in all.</param>
    /// <returns>Seconds.</returns>
    public double RunAlone(int items)
    {
        var pixels = new float[batchItems * Pixels];
        pixels.AsSpan().Fill(byte.MaxValue / 2);
        var start = Stopwatch.GetTimestamp();
        for (var done = 0; done < items; done += batchItems)
        {
            Infer(pixels, Math.Min(batchItems, items - done)).Dispose();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
    }

    private IDisposableReadOnlyCollection<OrtValue> Infer(float[] pixels, int items)
    {
        using var tensor = OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, pixels.AsMemory(0, items * Pixels), [items, 1, 28, 28]);
        return _session.Run(_run, Inputs, [tensor], Outputs);
    }

    private static void Parse(string line, List<(string Id, JsonElement Meta)> items, float[] pixels)
    {
        using var item = JsonDocument.Parse(line);
        var place = items.Count * Pixels;
        foreach (var pixel in item.RootElement.GetProperty("input").EnumerateArray())
        {
            pixels[place++] = pixel.GetSingle();
        }

        items.Add((item.RootElement.GetProperty("id").GetString()!, item.RootElement.GetProperty("meta").Clone()));
    }

    // The line that the system writes for the item.
    private static void Write(Utf8JsonWriter json, long index, (string Id, JsonElement Meta) item, long digit, ReadOnlySpan<float> probabilities)
    {
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteString("id", item.Id);
        json.WriteString("status", "succeeded");
        json.WriteStartObject("output");
        json.WriteNumber("digit", digit);
        json.WriteStartArray("probabilities");
        foreach (var probability in probabilities)
        {
            json.WriteNumberValue(probability);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNumber("attempts", 1);
        json.WritePropertyName("meta");
        item.Meta.WriteTo(json);
        json.WriteEndObject();
    }
}
