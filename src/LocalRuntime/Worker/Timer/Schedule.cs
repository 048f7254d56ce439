using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using NCrontab;

namespace ModelJobs.LocalRuntime.Worker.Timer;

/// <summary>When a timer fires: at the occurrences of a crontab expression, or once per period. All times are UTC.</summary>
internal sealed class Schedule
{
    private readonly Func<DateTime, DateTime> _next;

    private Schedule(Func<DateTime, DateTime> next) => _next = next;

    /// <summary>Reads five or six crontab fields (without the seconds, or with them first), or a period as <c>hh:mm:ss</c>.</summary>
    /// <exception cref="FunctionWorkerException">It is neither.</exception>
    public static Schedule Parse(string text, string where)
    {
        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var period) && period > TimeSpan.Zero)
        {
            return new Schedule(after => after + period);
        }

        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        var options = new CrontabSchedule.ParseOptions { IncludingSeconds = fields == 6 };
        return CrontabSchedule.TryParse(text, options) is { } crontab
            ? new Schedule(crontab.GetNextOccurrence)
            : throw new FunctionWorkerException(
                $"{where}: schedule '{text}' is neither a crontab expression of six fields nor a period as hh:mm:ss.");
    }

    /// <summary>The first occurrence after a time.</summary>
    public DateTime Next(DateTime after) => _next(after);
}
