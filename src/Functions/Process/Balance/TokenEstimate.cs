namespace ModelJobs.Functions.Process.Balance;

/// <summary>
/// Guesses how many tokens a call will use, before it is made: four characters a token and an answer as long as they may be, corrected by
/// what the calls before it used. The tokenizers of the models are not at hand for every endpoint, and the correction makes up for them.
/// </summary>
internal sealed class TokenEstimate
{
    private const double CharactersPerToken = 4;

    /// <summary>An answer whose length nothing bounds. Rather too long: what is too much is corrected, what is too little is throttled.</summary>
    private const int UnboundedOutput = 200;

    /// <summary>How much the newest call counts, at least; the first ones count alike.</summary>
    private const double Newest = 0.05;

    /// <summary>Factors beyond these are not learned: a text of another script has perhaps four tokens where a guess has one.</summary>
    private const double MinFactor = 0.05;
    private const double MaxFactor = 8;

    private readonly Lock _lock = new();
    private double _factor = 1;
    private long _learned;

    /// <summary>The guess for a call.</summary>
    /// <param name="characters">Of all that is sent as text.</param>
    /// <param name="maxOutputTokens">Most tokens that the answer may have; null if nothing bounds it.</param>
    public int Of(int characters, int? maxOutputTokens)
    {
        lock (_lock)
        {
            return (int)Math.Min(int.MaxValue, Math.Ceiling(Raw(characters, maxOutputTokens) * _factor));
        }
    }

    /// <summary>Learns what a call used.</summary>
    public void Learn(int characters, int? maxOutputTokens, long used)
    {
        lock (_lock)
        {
            var factor = Math.Clamp(used / Raw(characters, maxOutputTokens), MinFactor, MaxFactor);
            _factor += Math.Max(Newest, 1.0 / ++_learned) * (factor - _factor);
        }
    }

    private static double Raw(int characters, int? maxOutputTokens) =>
        Math.Max(1, (characters / CharactersPerToken) + (maxOutputTokens ?? UnboundedOutput));
}
