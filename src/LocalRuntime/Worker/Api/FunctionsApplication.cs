using System.Reflection;
using System.Runtime.CompilerServices;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>The start of an app: <c>FunctionsApplication.CreateBuilder(args)</c>.</summary>
public class FunctionsApplication
{
    /// <summary>
    /// Makes a builder for the functions of the calling assembly. Its configuration is complete: local.settings.json, environment
    /// variables and <paramref name="args"/>, later ones winning.
    /// </summary>
    // Not inlined, or the caller's caller would be taken for the app.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) => new(args, Assembly.GetCallingAssembly());
}
