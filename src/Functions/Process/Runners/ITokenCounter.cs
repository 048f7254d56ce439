using System.Text.Json;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>A runner whose calls are paid for by tokens, and that can guess how many an item will use without making the call.</summary>
public interface ITokenCounter : IModelRunner
{
    /// <summary>Guesses the tokens of an item.</summary>
    /// <param name="input">The item's input.</param>
    /// <returns>None for an input that the runner would refuse.</returns>
    TokenCounts CountTokens(JsonElement input);
}
