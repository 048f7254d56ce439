using System.Reflection;
using Azure.Messaging.ServiceBus;
using ModelJobs.ApiSurface.Tests.Rendering;

namespace ModelJobs.ApiSurface.Tests;

/// <summary>
/// Code that compiles against LocalRuntime must compile against the Azure packages: LocalRuntime may show less of their API than they do,
/// never more and never otherwise.
/// </summary>
public sealed class LocalRuntimeSurfaceTests
{
    private const string OwnNamespace = "ModelJobs";

    // Any type of LocalRuntime's API finds its assembly.
    private static readonly Assembly LocalRuntime = typeof(ServiceBusClient).Assembly;

    private static readonly ApiLists Listed = ApiLists.Read();

    [Fact]
    public void PublicSurface_InVendorNamespaces_IsListedLineForLine()
    {
        var strangers = VendorTypes().SelectMany(Surface.Of).Where(line => !Listed.Contains(line)).ToList();

        Assert.True(strangers.Count == 0, Describe(strangers));
    }

    [Theory]
    [InlineData("Azure.Messaging.ServiceBus")]
    [InlineData("Microsoft.Azure.Functions.Worker")]
    [InlineData("Microsoft.DurableTask")]
    [InlineData("Microsoft.DurableTask.Client")]
    public void VendorTypes_EachNamespaceOfTheApp_AreCompared(string @namespace) =>
        Assert.Contains(VendorTypes(), type => type.Namespace == @namespace);

    private static IEnumerable<Type> VendorTypes() =>
        LocalRuntime.GetTypes().Where(type => type.IsVisible() && !IsOwn(type.Namespace));

    private static bool IsOwn(string? @namespace) =>
        @namespace == OwnNamespace || @namespace?.StartsWith(OwnNamespace + ".", StringComparison.Ordinal) == true;

    private static string Describe(List<string> strangers) => string.Join(
        Environment.NewLine,
        strangers.Order(StringComparer.Ordinal)
            .Select(line => $"  {line}{Environment.NewLine}    nearest: {Listed.Nearest(line)}")
            .Prepend($"{strangers.Count} public or protected lines of LocalRuntime are not in the API of the Azure packages:"));
}
