using ModelJobs.Contracts;

namespace ModelJobs.Functions.Collect;

/// <summary>A message in a page's reply session, found to answer for one of its chunks.</summary>
/// <param name="Chunk">Number of the chunk in its page.</param>
/// <param name="LoadAsync">Reads the results; not called for a chunk that has answered before.</param>
internal readonly record struct Answer(int Chunk, Func<CancellationToken, Task<IReadOnlyList<ItemResult>>> LoadAsync);
