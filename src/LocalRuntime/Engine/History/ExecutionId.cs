using System.Globalization;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Ids of executions, as histories show them: the execution's number in the hub, in the 32 hexadecimal digits that Azure uses.</summary>
internal static class ExecutionId
{
    public static string Of(long execution) => execution.ToString("x32", CultureInfo.InvariantCulture);

    /// <exception cref="FormatException">It is not such an id.</exception>
    public static long Parse(string id) => long.Parse(id, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
