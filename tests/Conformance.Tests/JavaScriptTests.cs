using System.Diagnostics;

namespace ModelJobs.Conformance.Tests;

/// <summary>The official client for JavaScript, over plain TCP.</summary>
public sealed class JavaScriptTests(JavaScriptTests.Run run) : IClassFixture<JavaScriptTests.Run>
{
    [Theory]
    [MemberData(nameof(Steps.All), MemberType = typeof(Steps))]
    public void Step_OfTheScript_Passes(string step) => run.AssertPassed(step);

    [Fact]
    public void Script_AtItsEnd_HasTakenNoOtherSteps()
    {
        run.SkipUnlessInstalled();
        Assert.Empty(run.Taken.Except(Steps.All.Select(row => row.Data)));
    }

    public sealed class Run : ClientRun
    {
        private static readonly string Package = Path.Combine(ServedQueues.Metadata("RepositoryRoot"), "node_modules", "@azure", "service-bus");

        protected override async Task<string?> FindMissingAsync()
            => !Directory.Exists(Package) ? "The npm package @azure/service-bus is not installed: run `npm ci` in the repository's root."
                : await SucceedsAsync("node", "--version") ? null
                : "Node.js is not installed: install version 20 or later.";

        private protected override ProcessStartInfo Command(ServedQueues server) => new("node", [Script("conformance.mjs"), server.ConnectionString]);
    }
}
