using System.Net;
using CsCheck;
using ModelJobs.Functions.Notify;

namespace ModelJobs.Functions.Tests.Notify;

public sealed class PublicAddressTests
{
    /// <summary>What is not public, written independently of the code: of each range the first and the last address.</summary>
    private static readonly (string First, string Last)[] NotPublic =
    [
        ("0.0.0.0", "0.255.255.255"), ("10.0.0.0", "10.255.255.255"), ("100.64.0.0", "100.127.255.255"), ("127.0.0.0", "127.255.255.255"),
        ("168.63.129.16", "168.63.129.16"), ("169.254.0.0", "169.254.255.255"), ("172.16.0.0", "172.31.255.255"), ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"), ("192.88.99.0", "192.88.99.255"), ("192.168.0.0", "192.168.255.255"), ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"), ("203.0.113.0", "203.0.113.255"), ("224.0.0.0", "239.255.255.255"), ("240.0.0.0", "255.255.255.255"),
        ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"), ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ];

    private static readonly (UInt128 First, UInt128 Last)[] NotPublic4 = Ranges(4);
    private static readonly (UInt128 First, UInt128 Last)[] NotPublic6 = Ranges(16);

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("1.1.1.1")]
    [InlineData("93.184.215.14")]
    [InlineData("168.63.129.15")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2001:4860:4860::8888")]
    [InlineData("2a01:111:f403::1")]
    public void Is_AddressOfTheInternet_IsTrue(string address) => Assert.True(PublicAddress.Is(IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("168.63.129.16")]
    [InlineData("100.100.100.200")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("::127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::a00:1")]
    [InlineData("2001:0:a9fe:a9fe::1")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void Is_AnyOther_IsFalse(string address) => Assert.False(PublicAddress.Is(IPAddress.Parse(address)));

    [Fact]
    public void Is_EndsOfEveryRangeAndTheirNeighbours_IsFalseWithinOneAndTrueOutsideAll()
    {
        Assert.All(NotPublic4, range => Assert.All(Neighbourhood(range, uint.MaxValue), value => Check(value, 4)));
        Assert.All(NotPublic6, range => Assert.All(Neighbourhood(range, UInt128.MaxValue), value => Check(value, 16)));
    }

    [Fact]
    public void Is_AnyIPv4Address_IsFalseWithinTheRangesOnly() =>
        Gen.OneOf(Gen.UInt, Gen.Int[0, NotPublic4.Length - 1].SelectMany(range => Gen.UInt[(uint)NotPublic4[range].First, (uint)NotPublic4[range].Last])).Sample(value => Check(value, 4));

    [Fact]
    public void Is_AnyIPv6Address_IsFalseWithinTheRangesOnly() =>
        // Of all addresses, of those that are assigned to networks, and of the part of them that holds most ranges.
        Gen.Select(Gen.ULong, Gen.ULong, Gen.OneOf<UInt128>(Gen.Const((UInt128)0), Gen.Const((UInt128)0x2000), Gen.Const((UInt128)0x2001), Gen.Const((UInt128)0x2002), Gen.Const((UInt128)0x3fff))).Select((high, low, begin) =>
            begin == 0 ? new UInt128(high, low) : (begin << 112) | (new UInt128(high, low) >> 16)).Sample(value => Check(value, 16));

    [Fact]
    public void Is_AnyIPv4AddressMappedToIPv6_IsFalse() => Gen.UInt.Sample(value => Assert.False(PublicAddress.Is(Address(value, 4).MapToIPv6())));

    private static void Check(UInt128 value, int bytes)
    {
        var address = Address(value, bytes);
        var expected = !Array.Exists(bytes == 4 ? NotPublic4 : NotPublic6, range => value >= range.First && value <= range.Last);
        Assert.True(PublicAddress.Is(address) == expected, $"{address} is {(expected ? "" : "not ")}public.");
    }

    private static IEnumerable<UInt128> Neighbourhood((UInt128 First, UInt128 Last) range, UInt128 max)
    {
        yield return range.First;
        yield return range.Last;
        if (range.First > 0)
        {
            yield return range.First - 1;
        }

        if (range.Last < max)
        {
            yield return range.Last + 1;
        }
    }

    private static (UInt128, UInt128)[] Ranges(int bytes) =>
    [
        .. NotPublic.Select(range => (IPAddress.Parse(range.First).GetAddressBytes(), IPAddress.Parse(range.Last).GetAddressBytes()))
            .Where(range => range.Item1.Length == bytes)
            .Select(range => (Value(range.Item1), Value(range.Item2))),
    ];

    private static UInt128 Value(byte[] bytes) => bytes.Aggregate(UInt128.Zero, (value, one) => (value << 8) | one);

    private static IPAddress Address(UInt128 value, int bytes) =>
        new([.. Enumerable.Range(0, bytes).Select(place => (byte)(value >> (8 * (bytes - 1 - place))))]);
}
