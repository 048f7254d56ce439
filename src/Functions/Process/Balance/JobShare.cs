using ModelJobs.Contracts;

namespace ModelJobs.Functions.Process.Balance;

/// <summary>On whose behalf a call is made: calls of different jobs on one model take turns.</summary>
/// <param name="Job">Id of the job; calls of no known job share one turn.</param>
/// <param name="Weight">How many turns the job has where one of weight 1 has one: its priority. At least 1.</param>
public readonly record struct JobShare(string Job, int Weight = 1)
{
    private const int LowWeight = 1;
    private const int NormalWeight = 4;
    private const int HighWeight = 16;

    /// <summary>The share of calls whose job is not known.</summary>
    public static JobShare Unknown => new("", NormalWeight);

    /// <summary>The share of the calls of a chunk.</summary>
    public static JobShare Of(ChunkMessage chunk) => new(chunk.Id.Job, WeightOf(chunk.Priority));

    /// <summary>The weight of a job's calls.</summary>
    public static int WeightOf(JobPriority priority) => priority switch
    {
        JobPriority.Low => LowWeight,
        JobPriority.High => HighWeight,
        _ => NormalWeight,
    };
}
