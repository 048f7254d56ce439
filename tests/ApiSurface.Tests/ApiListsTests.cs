namespace ModelJobs.ApiSurface.Tests;

public sealed class ApiListsTests
{
    [Fact]
    public void Read_ListsOfThePackages_KnowTheirTypes()
    {
        var lists = ApiLists.Read();

        Assert.True(lists.Contains("T class Azure.Messaging.ServiceBus.ServiceBusSender : System.IAsyncDisposable"));
        Assert.True(lists.Contains("T interface Microsoft.DurableTask.ITaskActivity"));
        Assert.True(lists.Contains("T abstract class Microsoft.Azure.Functions.Worker.FunctionContext"));
    }

    [Fact]
    public void Of_CommentsAndAttributes_AreNotMembers() =>
        Assert.Equal(1, ApiLists.Of("# made by hand", "A N.T [System.SerializableAttribute]", "", "T class N.T").Count);

    [Fact]
    public void Contains_MemberHiddenFromCompletion_IsTheSameMember()
    {
        var lists = ApiLists.Of("M N.T.ToString() -> string [override] [EditorBrowsable.Never]");

        Assert.True(lists.Contains("M N.T.ToString() -> string [override]"));
    }

    [Theory]
    [InlineData("M N.T.Run() -> void", "M N.T.Run(int times) -> void")]
    [InlineData("M N.T.Stop() -> void", "M N.T.Stop() -> int")]
    [InlineData("M Elsewhere.T.Stop() -> int", "M N.T.Stop() -> int")]
    public void Nearest_ChangedLine_IsTheLineItChanged(string line, string expected) =>
        Assert.Equal(expected, ApiLists.Of("T class N.T", "M N.T.Run(int times) -> void", "M N.T.Stop() -> int").Nearest(line));

    [Fact]
    public void Nearest_NothingListed_IsNull() => Assert.Null(ApiLists.Of().Nearest("T class N.T"));
}
