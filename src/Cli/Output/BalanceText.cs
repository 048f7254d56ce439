using System.Globalization;
using System.Text;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Output;

/// <summary>A model's balance in words.</summary>
internal static class BalanceText
{
    /// <summary>In a few words, for progress: <c>, window 12, 3 calls throttled</c>.</summary>
    public static string Short(JobBalance balance) =>
        $", window {JobText.Count(balance.Window)}{(balance.Throttled > 0 ? $", {JobText.Count(balance.Throttled)} calls throttled" : "")}{Paused(balance)}";

    /// <summary>In a line: <c>window 12 on 2 instances: 8 calls in flight, 40 waiting; 600 a minute allowed; 3 of 430 throttled</c>.</summary>
    public static string Line(JobBalance balance)
    {
        var line = new StringBuilder(string.Create(
            CultureInfo.InvariantCulture,
            $"window {balance.Window:N0} on {balance.Instances:N0} {(balance.Instances == 1 ? "instance" : "instances")}: {balance.InFlight:N0} calls in flight, {balance.Waiting:N0} waiting"));
        if (balance.RequestsPerMinute is { } requests)
        {
            line.Append(CultureInfo.InvariantCulture, $"; {requests:N0} a minute allowed");
        }

        if (balance.TokensPerMinute is { } tokens)
        {
            line.Append(CultureInfo.InvariantCulture, $"; {tokens:N0} tokens a minute allowed");
        }

        line.Append(CultureInfo.InvariantCulture, $"; {balance.Throttled:N0} of {balance.Calls:N0} throttled").Append(Paused(balance));
        return line.Append(CultureInfo.InvariantCulture, $"; this job has {balance.Share:P0} of the turns").ToString();
    }

    private static string Paused(JobBalance balance) =>
        balance.PausedSeconds > 0 ? $", paused for {JobText.Duration(TimeSpan.FromSeconds(balance.PausedSeconds))}" : "";
}
