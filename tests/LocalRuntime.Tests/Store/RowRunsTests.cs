using ModelJobs.LocalRuntime.Store;

namespace ModelJobs.LocalRuntime.Tests.Store;

public sealed class RowRunsTests
{
    [Fact]
    public void Take_RowsInAnyOrder_HandsOutRunsOfNeighbours()
    {
        var rows = new RowRuns();
        foreach (var row in (long[])[9, 3, 1, 2, 7, 10])
        {
            rows.Add(row);
        }

        Assert.Equal([(1, 3), (7, 7), (9, 10)], Taken(rows));
    }

    [Fact]
    public void Take_Again_HasForgottenThem()
    {
        var rows = new RowRuns();
        rows.Add(4);
        Taken(rows);

        Assert.Empty(Taken(rows));
    }

    private static List<(long First, long Last)> Taken(RowRuns rows)
    {
        var runs = new List<(long First, long Last)>();
        rows.Take((first, last) => runs.Add((first, last)));
        return runs;
    }
}
