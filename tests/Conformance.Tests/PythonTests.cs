using System.Diagnostics;

namespace ModelJobs.Conformance.Tests;

/// <summary>The official client for Python, over TLS and WebSocket.</summary>
public sealed class PythonTests(PythonTests.Run run) : IClassFixture<PythonTests.Run>
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
        /// <summary>Debian's package is for Debian's Python, which need not be the first in the path.</summary>
        private static readonly string[] Interpreters = ["python3", "/usr/bin/python3"];

        private string _python = "";

        protected override async Task<string?> FindMissingAsync()
        {
            foreach (var interpreter in Interpreters)
            {
                if (await SucceedsAsync(interpreter, "-c", "import azure.servicebus"))
                {
                    _python = interpreter;
                    return null;
                }
            }

            return "The Python package azure-servicebus is not installed: run `apt-get install python3-azure`, or `pip install azure-servicebus`.";
        }

        private protected override ProcessStartInfo Command(ServedQueues server)
            => new(_python, [Script("conformance.py"), server.ConnectionString, server.Certificate]);
    }
}
