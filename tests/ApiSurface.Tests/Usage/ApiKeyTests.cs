namespace ModelJobs.ApiSurface.Tests.Usage;

public sealed class ApiKeyTests
{
    [Theory]
    [InlineData("T sealed class N.T : System.IDisposable", "T N.T")]
    [InlineData("T readonly record struct N.T<A, B> : System.IEquatable<N.T<A, B>>", "T N.T")]
    [InlineData("M N.T..ctor(string name = null, int times = 3) -> void", "M N.T..ctor(string, int) -> void")]
    [InlineData("M N.T.Run<R>(this N.T self, System.Func<R, int> f, out R r) -> System.Threading.Tasks.Task<R[]> [static] where R : class", "M N.T.Run``1(N.T, System.Func<!!0, int>, !!0) -> System.Threading.Tasks.Task<!!0[]>")]
    [InlineData("M N.T<A>.Of(A value) -> N.T<A> [virtual]", "M N.T.Of(!0) -> N.T<!0>")]
    [InlineData("P N.T.Size : int? {get;init;}", "P N.T.Size : int? get", "P N.T.Size : int? init")]
    [InlineData("P N.T.Size : byte[] {get;protected set;} [virtual]", "P N.T.Size : byte[] get", "P N.T.Size : byte[] set")]
    [InlineData("P N.T.this[string key] : object {get;}", "P N.T.Item[string] : object get")]
    [InlineData("F N.T.Most = 3 : int [const]", "F N.T.Most : int")]
    [InlineData("E N.T.Ended : System.EventHandler", "M N.T.add_Ended(System.EventHandler) -> void", "M N.T.remove_Ended(System.EventHandler) -> void")]
    public void OfLine_LineOfTheLists_IsWhatAReferenceSays(string line, params string[] keys) => Assert.Equal(keys, ApiKey.OfLine(line));
}
