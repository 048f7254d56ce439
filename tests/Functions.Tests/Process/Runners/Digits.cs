using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process.Runners;

/// <summary>The sample model and the sample digits.</summary>
internal static class Digits
{
    public static string ModelPath { get; } = Path.Combine(AppContext.BaseDirectory, "samples", "digits.onnx");

    /// <summary>The first digits of the sample, as items.</summary>
    public static ItemCall[] Take(int count) =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "samples", "digits.jsonl")).Take(count)
            .Select((line, index) =>
            {
                var item = JsonSerializer.Deserialize(line, ContractsJson.Wire.Item)!;
                return new ItemCall(new ChunkItem { Index = index, Id = item.Id!, Input = item.Input, Meta = item.Meta }, Attempt: 1);
            }),
    ];

    public static int Label(this ItemCall call) => call.Item.Meta!.Value.GetProperty("label").GetInt32();

    public static int Digit(this ItemOutcome outcome) => outcome.Output!.Value.GetProperty("digit").GetInt32();

    public static float[] Probabilities(this ItemOutcome outcome) =>
        [.. outcome.Output!.Value.GetProperty("probabilities").EnumerateArray().Select(value => value.GetSingle())];
}
