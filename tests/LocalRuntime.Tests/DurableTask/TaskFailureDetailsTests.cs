using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Tests.DurableTask;

public sealed class TaskFailureDetailsTests
{
    [Fact]
    public void FromException_WithInnerExceptions_KeepsTheChain()
    {
        var details = TaskFailureDetails.FromException(new InvalidOperationException("a", new IOException("b", new FormatException("c"))));

        Assert.Equal("System.InvalidOperationException: a", details.ToString());
        Assert.Equal("System.IO.IOException: b", details.InnerFailure!.ToString());
        Assert.Equal("System.FormatException: c", details.InnerFailure.InnerFailure!.ToString());
    }

    [Fact]
    public void IsCausedBy_TheTypeOrABaseOfIt_IsTrue()
    {
        var details = TaskFailureDetails.FromException(new FileNotFoundException());

        Assert.True(details.IsCausedBy<FileNotFoundException>());
        Assert.True(details.IsCausedBy<IOException>());
        Assert.True(details.IsCausedBy<Exception>());
        Assert.False(details.IsCausedBy<FormatException>());
    }

    [Fact]
    public void IsCausedBy_ExceptionOfTheAppsOwnAssembly_IsFound()
        => Assert.True(TaskFailureDetails.FromException(new OwnException()).IsCausedBy<Exception>());

    [Fact]
    public void IsCausedBy_TypeThatIsNotLoaded_IsFalse()
        => Assert.False(new TaskFailureDetails("No.Such.Type", "", null, null, null).IsCausedBy<Exception>());

    [Fact]
    public void IsCausedBy_NotAnException_Throws()
        => Assert.Throws<ArgumentException>(
            () => TaskFailureDetails.FromException(new OwnException()).IsCausedBy(typeof(string)));

    private sealed class OwnException : Exception;
}
