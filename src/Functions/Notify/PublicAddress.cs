using System.Net;
using System.Net.Sockets;

namespace ModelJobs.Functions.Notify;

/// <summary>
/// Tells addresses of the internet from those of one's own network, machine or platform. The ranges are those of IANA's special-purpose
/// address registries (RFC 6890 and its updates) that are not globally reachable, or whose packets end at an address that they hide.
/// </summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] NotPublic4 =
    [
        IPNetwork.Parse("0.0.0.0/8"), // this network
        IPNetwork.Parse("10.0.0.0/8"), // private
        IPNetwork.Parse("100.64.0.0/10"), // carrier-grade NAT
        IPNetwork.Parse("127.0.0.0/8"), // loopback
        IPNetwork.Parse("168.63.129.16/32"), // Azure's own: DNS, health, the agent of the machine
        IPNetwork.Parse("169.254.0.0/16"), // link-local, and the metadata service of every cloud
        IPNetwork.Parse("172.16.0.0/12"), // private
        IPNetwork.Parse("192.0.0.0/24"), // protocol assignments
        IPNetwork.Parse("192.0.2.0/24"), // documentation
        IPNetwork.Parse("192.88.99.0/24"), // 6to4 relays
        IPNetwork.Parse("192.168.0.0/16"), // private
        IPNetwork.Parse("198.18.0.0/15"), // benchmarks
        IPNetwork.Parse("198.51.100.0/24"), // documentation
        IPNetwork.Parse("203.0.113.0/24"), // documentation
        IPNetwork.Parse("224.0.0.0/4"), // multicast
        IPNetwork.Parse("240.0.0.0/4"), // reserved, broadcast
    ];

    /// <summary>
    /// All that is assigned to networks of the internet. What is outside is not public: loopback, link-local, unique-local, multicast, and
    /// the forms that hold an IPv4 address, such as <c>::ffff:10.0.0.1</c> and NAT64's <c>64:ff9b::</c>.
    /// </summary>
    private static readonly IPNetwork Global6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] NotPublic6 =
    [
        IPNetwork.Parse("2001::/23"), // protocol assignments, Teredo
        IPNetwork.Parse("2001:db8::/32"), // documentation
        IPNetwork.Parse("2002::/16"), // 6to4: holds an IPv4 address
        IPNetwork.Parse("3fff::/20"), // documentation
    ];

    /// <summary>Whether an address is one of the internet.</summary>
    public static bool Is(IPAddress address) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => !NotPublic4.Any(network => network.Contains(address)),
        // A network takes a mapped address for the IPv4 address that it holds, and then compares that with the network's first bits.
        AddressFamily.InterNetworkV6 => !address.IsIPv4MappedToIPv6 && Global6.Contains(address)
            && !NotPublic6.Any(network => network.Contains(address)),
        _ => false,
    };
}
