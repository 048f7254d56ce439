using System.Net;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>Addresses to listen on, as settings give them.</summary>
internal static class ListenAddress
{
    /// <summary>An IP address, <c>localhost</c>, or <c>*</c> for all.</summary>
    /// <exception cref="LocalRuntimeException">It is none of them.</exception>
    public static IPAddress Parse(string host, string setting) => host switch
    {
        "localhost" => IPAddress.Loopback,
        "*" => IPAddress.Any,
        _ => IPAddress.TryParse(host, out var address)
            ? address
            : throw new LocalRuntimeException(
                $"{LocalRuntimeOptions.Section}:{setting} is '{host}'; it must be an IP address, localhost or *."),
    };
}
