namespace ModelJobs.LocalRuntime.Store;

/// <summary>
/// Rows to do the same with at the end of a transaction. Messages are sent, received and removed about in the order of their numbers, so
/// most rows lie side by side, and one statement does for a run of them.
/// </summary>
internal sealed class RowRuns
{
    private readonly List<long> _rows = [];

    public void Add(long row) => _rows.Add(row);

    /// <summary>Hands out the runs, first to last row, in ascending order, and forgets them.</summary>
    /// <param name="run">Told of each run.</param>
    public void Take(Action<long, long> run)
    {
        if (_rows.Count == 0)
        {
            return;
        }

        _rows.Sort();
        var first = _rows[0];
        var last = first;
        foreach (var row in _rows)
        {
            if (row > last + 1)
            {
                run(first, last);
                first = row;
            }

            last = row;
        }

        run(first, last);
        _rows.Clear();
    }
}
