using System.Text;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Refuses payloads that are larger than the storage provider takes.</summary>
/// <param name="inner">Reads and writes them.</param>
/// <param name="maxBytes">Of UTF-8.</param>
internal sealed class LimitedDataConverter(DataConverter inner, int maxBytes) : DataConverter
{
    /// <exception cref="ArgumentException">The text is too large.</exception>
    public override string? Serialize(object? value) => Check(inner.Serialize(value));

    public override object? Deserialize(string? data, Type targetType) => inner.Deserialize(data, targetType);

    /// <summary>Gives back a payload that was serialized elsewhere.</summary>
    /// <exception cref="ArgumentException">It is too large.</exception>
    public string? Check(string? text)
    {
        var bytes = text is null ? 0 : Encoding.UTF8.GetByteCount(text);
        return bytes <= maxBytes
            ? text
            : throw new ArgumentException(
                $"A payload of {bytes} bytes is larger than the {maxBytes} that the storage provider of host.json takes. Keep it in a blob and pass its name.");
    }
}
