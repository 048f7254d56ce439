using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>The input of an item of <see cref="SimulateRunner"/>.</summary>
/// <param name="Id">Name of the event: the JSON string, or the number as it was written.</param>
/// <param name="Duration">How long the event takes.</param>
/// <param name="Failure">How the event fails, if it does.</param>
internal sealed record SimulatedEvent(string Id, TimeSpan Duration, SimulatedFailure? Failure)
{
    private const string Form =
        """Send {"id": 7, "duration": 0.2}, optionally with "fail": "transient", "permanent", "crash" or "stall" and "failTimes": 2.""";

    /// <summary>Reads an item's input; <paramref name="problem"/> says what is wrong with it and what to send.</summary>
    public static bool TryRead(
        JsonElement input, [NotNullWhen(true)] out SimulatedEvent? simulated, [NotNullWhen(false)] out string? problem)
    {
        simulated = null;
        problem = null;
        if (input.ValueKind != JsonValueKind.Object)
            problem = $"The input is not an object. {Form}";
        else if (!TryReadId(input, out var id))
            problem = $"\"id\" must be there, as a number or a string. {Form}";
        else if (!TryReadDuration(input, out var duration))
            problem = $"\"duration\" must be a number of seconds from 0 to {SimulateRunner.MaxDurationSeconds}. {Form}";
        else if (!TryReadFailure(input, out var failure))
            problem = $"\"fail\" must be \"transient\", \"permanent\", \"crash\" or \"stall\", \"failTimes\" beside it a whole number from 0. {Form}";
        else
            simulated = new SimulatedEvent(id, duration, failure);
        return problem is null;
    }

    private static bool TryReadId(JsonElement input, [NotNullWhen(true)] out string? id)
    {
        id = !input.TryGetProperty("id", out var value) ? null : value.ValueKind switch
        {
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String => value.GetString(),
            _ => null,
        };
        return id is not null;
    }

    private static bool TryReadDuration(JsonElement input, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (!input.TryGetProperty("duration", out var value))
            return true;
        if (value.ValueKind != JsonValueKind.Number
            || !value.TryGetDouble(out var seconds)
            || seconds is not (>= 0 and <= SimulateRunner.MaxDurationSeconds))
            return false;
        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private static bool TryReadFailure(JsonElement input, out SimulatedFailure? failure)
    {
        failure = null;
        var times = int.MaxValue;
        if (input.TryGetProperty("failTimes", out var count)
            && (count.ValueKind != JsonValueKind.Number || !count.TryGetInt32(out times) || times < 0))
            return false;
        if (!input.TryGetProperty("fail", out var word))
            return count.ValueKind == JsonValueKind.Undefined;
        SimulatedFailureKind? kind = word.ValueKind != JsonValueKind.String ? null : word.GetString() switch
        {
            "transient" => SimulatedFailureKind.Transient,
            "permanent" => SimulatedFailureKind.Permanent,
            "crash" => SimulatedFailureKind.Crash,
            "stall" => SimulatedFailureKind.Stall,
            _ => null,
        };
        if (kind is { } known)
            failure = new SimulatedFailure(known, times);
        return kind is not null;
    }
}

/// <summary>How a simulated event fails.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="Times">How many attempts fail.</param>
internal readonly record struct SimulatedFailure(SimulatedFailureKind Kind, int Times);

/// <summary>Ways in which a simulated event fails.</summary>
internal enum SimulatedFailureKind
{
    /// <summary>Trying again can help.</summary>
    Transient,

    /// <summary>Trying again does not help.</summary>
    Permanent,

    /// <summary>The worker's process ends.</summary>
    Crash,

    /// <summary>The event never ends; only the end of the run ends it.</summary>
    Stall,
}
