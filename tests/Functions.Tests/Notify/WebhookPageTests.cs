using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Notify;

/// <summary>What docs/webhooks.md tells receivers to do.</summary>
public sealed partial class WebhookPageTests
{
    private const string Body = """{"type":"job.succeeded","text":"ö"}""";
    private const long Timestamp = 1893456000;

    [Fact]
    public void CSharpSample_IsTheCodeThatTestsCheckCallsWith()
    {
        var code = Between(File.ReadAllText(PathOf("tests", "Support", "Webhooks", "WebhookCheck.cs")), "// docs/webhooks.md: begin\n", "    // docs/webhooks.md: end");

        var lines = code.TrimEnd().Split('\n').Select(line => line.Length > 4 ? line[4..] : "");
        Assert.Contains($"```csharp\n{string.Join('\n', lines)}\n```", Page(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PythonSample_CallsOfTheApp_AreTakenIfTheyAreGenuineAndNew()
    {
        var signature = WebhookSignature.Of(
            new WebhookSettings { Secret = $"{WebhookSignatureTests.NextSecret} {WebhookSignatureTests.Secret}" }.Keys, "id-1", Timestamp, Encoding.UTF8.GetBytes(Body));
        var program = $"""
            {Between(Page(), "```python\n", "```")}
            secret, headers, body = '{WebhookSignatureTests.Secret}', {'{'}'webhook-id': 'id-1', 'webhook-timestamp': '{Timestamp}', 'webhook-signature': '{signature}'{'}'}, '''{Body}'''.encode()
            print(is_genuine(secret, headers, body, {Timestamp} + 299), is_genuine(secret, headers, body, {Timestamp} + 301), is_genuine(secret, headers, body, {Timestamp} - 301),
                  is_genuine(secret, headers, body + b' ', {Timestamp}), is_genuine('whsec_{Convert.ToBase64String(new byte[24])}', headers, body, {Timestamp}))
            """;

        Assert.Equal("True False False False False", await PythonAsync(program));
    }

    [Fact]
    public void Page_SaysTheWaitsAndTheWordsOfTheCode()
    {
        Assert.Contains("5 seconds later, then 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours; ten attempts", Page(), StringComparison.Ordinal);
        Assert.Equal(10, WebhookOrchestrator.Waits.Count + 1);
        string[] words =
        [
            WebhookOrchestrator.Refused, WebhookSender.TimedOut, WebhookSender.Unreachable, WebhookSender.TlsFailed, WebhookSender.BadAnswer, DeliverWebhook.NotAllowed,
            WebhookOrchestrator.NotSent, WebhookOrchestrator.JobDeleted, WebhookOrchestrator.JobRuns, WebhookStatus.NotBegun, WebhookStatus.Ended,
        ];
        var table = Between(Page(), "| `lastError` | |", "## Addresses");
        Assert.Equal(words, Words().Matches(table).Select(word => word.Groups[1].Value));
    }

    [GeneratedRegex("`([a-z_]+)`(?=[^|]*\\|[^|\n]*\\|\n)")]
    private static partial Regex Words();

    private static async Task<string> PythonAsync(string program)
    {
        var start = new ProcessStartInfo("python3") { RedirectStandardOutput = true, RedirectStandardError = true, ArgumentList = { "-c", program } };
        System.Diagnostics.Process? python = null;
        try
        {
            python = System.Diagnostics.Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("python3 is not installed.");
        }

        using (python)
        {
            var output = await python!.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).BoundedAsync();
            return (output + await python.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim();
        }
    }

    private static string Page() => File.ReadAllText(PathOf("docs", "webhooks.md"));

    private static string Between(string text, string begin, string end)
    {
        var from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string PathOf(params string[] parts) => Path.Combine([SourceFolder(), "..", "..", "..", .. parts]);

    private static string SourceFolder([CallerFilePath] string source = "") => Path.GetDirectoryName(source)!;
}
