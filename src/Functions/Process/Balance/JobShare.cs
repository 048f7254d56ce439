namespace ModelJobs.Functions.Process.Balance;

/// <summary>On whose behalf a call is made: calls of different jobs on one model take turns.</summary>
/// <param name="Job">Id of the job; calls of no known job share one turn.</param>
/// <param name="Weight">How many turns the job has where one of weight 1 has one: its priority. At least 1.</param>
public readonly record struct JobShare(string Job, int Weight = 1)
{
    /// <summary>The share of calls whose job is not known.</summary>
    public static JobShare Unknown => new("");
}
