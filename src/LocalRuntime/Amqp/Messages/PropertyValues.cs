using Amqp.Types;
using AmqpDecimal = Amqp.Types.Decimal;

namespace ModelJobs.LocalRuntime.Amqp.Messages;

/// <summary>Values of application properties: how the service's clients write the types that AMQP does not know.</summary>
internal static class PropertyValues
{
    private static readonly Symbol UriType = new("com.microsoft:uri");
    private static readonly Symbol DateTimeOffsetType = new("com.microsoft:datetime-offset");
    private static readonly Symbol TimeSpanType = new("com.microsoft:timespan");

    /// <exception cref="AmqpRefusal">It is of a type that Service Bus does not carry (not-allowed).</exception>
    public static object? FromAmqp(string name, object? value) => value switch
    {
        null or string or bool or char or byte or sbyte or short or ushort or int or uint or long or ulong
            or float or double or Guid or DateTime or byte[] => value,
        Symbol symbol => symbol.ToString(),
        AmqpDecimal number => DecimalValues.FromAmqp(number),
        DescribedValue { Descriptor: Symbol type, Value: var content } => FromDescribed(name, type, content),
        _ => throw NotCarried(name, value),
    };

    public static object? ToAmqp(object? value) => value switch
    {
        decimal number => DecimalValues.ToAmqp(number),
        Uri uri => new DescribedValue(UriType, uri.OriginalString),
        DateTimeOffset time => new DescribedValue(DateTimeOffsetType, time.UtcTicks),
        TimeSpan span => new DescribedValue(TimeSpanType, span.Ticks),
        DateTime { Kind: DateTimeKind.Local } time => time.ToUniversalTime(),
        _ => value,
    };

    private static object FromDescribed(string name, Symbol type, object content) => content switch
    {
        string text when type.Equals(UriType) && Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var uri) => uri,
        long ticks when type.Equals(DateTimeOffsetType) && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.Ticks => new DateTimeOffset(ticks, TimeSpan.Zero),
        long ticks when type.Equals(TimeSpanType) => TimeSpan.FromTicks(ticks),
        _ => throw NotCarried(name, type),
    };

    private static AmqpRefusal NotCarried(string name, object value) => new(
        AmqpConditions.NotAllowed,
        $"The property '{name}' is of a type that Service Bus does not carry ({(value is Symbol type ? type : value.GetType().Name)}). " +
        "Use a number, boolean, character, string, UUID, timestamp or binary, or put it into the body.");
}
