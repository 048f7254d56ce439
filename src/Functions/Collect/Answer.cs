using ModelJobs.Contracts;

namespace ModelJobs.Functions.Collect;

/// <summary>A message in a page's reply session, found to answer for items of it.</summary>
/// <param name="Dispatch">Number of the dispatch that it answers.</param>
/// <param name="Results">The results.</param>
/// <param name="Sums">What is known of the run that they come from, if some of them are counted; <see cref="RunSums.Items"/> is counted then.</param>
internal readonly record struct Answer(int Dispatch, IReadOnlyList<ItemResult> Results, RunSums? Sums = null);
