using System.Globalization;
using ModelJobs.Bench.Measure;

namespace ModelJobs.Bench.Capacity;

/// <summary>What was predicted of a job, and what it did.</summary>
/// <param name="Nodes">N, as configured.</param>
/// <param name="TaskSeconds">Tc, as the items ask for it.</param>
/// <param name="QueueSeconds">Tp, as configured and as a job without a delay has measured it.</param>
/// <param name="BalanceSeconds">Tq, as that job has measured it.</param>
/// <param name="Predicted">P from those, before the job.</param>
/// <param name="Measured">P from the job's own N, Tc, Tp and Tq.</param>
/// <param name="Observed">P as it was.</param>
/// <param name="PredictedLeft">Seconds left as the job said at a fifth of it.</param>
/// <param name="ActualLeft">Seconds that it took from then.</param>
internal sealed record CapacityMeasurement(
    int Nodes, double TaskSeconds, double QueueSeconds, double BalanceSeconds, double Predicted, double Measured, double Observed, double PredictedLeft,
    double ActualLeft)
{
    public static void Print(TextWriter output, IEnumerable<CapacityMeasurement> measured)
    {
        var table = new Table("N", "Tc s", "Tp s", "Tq s", "P predicted", "P by its own times", "P observed", "ratio", "ETA s", "actual s", "ratio");
        foreach (var row in measured)
        {
            table.Add(
                Text(row.Nodes, "0"), Text(row.TaskSeconds, "0.00"), Text(row.QueueSeconds, "0.000"), Text(row.BalanceSeconds, "0.000"),
                Text(row.Predicted, "0.00"), Text(row.Measured, "0.00"), Text(row.Observed, "0.00"), Text(row.Observed / row.Predicted, "0.00"),
                Text(row.PredictedLeft, "0.0"), Text(row.ActualLeft, "0.0"), Text(row.ActualLeft / row.PredictedLeft, "0.00"));
        }

        table.Print(output, "Capacity: predicted and observed");
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
