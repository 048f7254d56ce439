using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ModelJobs.Infra.Tests.Support;

/// <summary>Runs the programs that know Bicep and KQL.</summary>
internal static class Tool
{
    /// <summary>A hang guard; they take seconds.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    private static readonly string Bicep = typeof(Tool).Assembly.GetCustomAttributes(inherit: false)
        .OfType<System.Reflection.AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "BicepPath").Value!;

    /// <summary>Runs the Bicep CLI.</summary>
    public static async Task<ToolResult> BicepAsync(params string[] arguments)
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64, "The Bicep CLI of the package is for Linux on x64.");
        Assert.True(File.Exists(Bicep), $"There is no Bicep CLI at '{Bicep}'; restore the project again.");
        return await RunAsync(Bicep, arguments, input: null);
    }

    /// <summary>Runs a script of Node.js with an input.</summary>
    public static Task<ToolResult> NodeAsync(string script, string input) => RunAsync("node", [script], input);

    private static async Task<ToolResult> RunAsync(string program, string[] arguments, string? input)
    {
        using var hang = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        hang.CancelAfter(Longest);
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(hang.Token);
            var errors = process.StandardError.ReadToEndAsync(hang.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), hang.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(hang.Token);
            return new(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

/// <summary>What a program answered.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Errors);
