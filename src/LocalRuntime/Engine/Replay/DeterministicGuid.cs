using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>GUIDs that every replay makes again: version 5 (RFC 9562) of instance id, time and counter, equal to those in Azure.</summary>
internal static class DeterministicGuid
{
    private const int GuidBytes = 16;
    private const int VersionByte = 6;
    private const int VariantByte = 8;
    private static readonly byte[] Namespace = new Guid("9e952958-5e33-4daf-827f-2fa12937b875").ToByteArray(bigEndian: true);

    public static Guid Create(string instanceId, DateTime time, int counter)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{instanceId}_{time:o}_{counter}");
        byte[] source = [.. Namespace, .. Encoding.UTF8.GetBytes(name)];
#pragma warning disable CA5350 // RFC 9562 prescribes SHA-1 for version 5; nothing secret depends on it.
        var hash = SHA1.HashData(source).AsSpan(0, GuidBytes);
#pragma warning restore CA5350
        hash[VersionByte] = (byte)((hash[VersionByte] & 0x0F) | 0x50);
        hash[VariantByte] = (byte)((hash[VariantByte] & 0x3F) | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}
