using CsCheck;
using ModelJobs.LocalRuntime.Amqp;
using ModelJobs.LocalRuntime.Amqp.Wire;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class AmqpShapeTests
{
    [Theory]
    [InlineData("40", 1)]
    [InlineData("53 10", 2)]
    [InlineData("a1 02 68 69", 4)]
    [InlineData("c0 03 02 41 42", 5)]
    [InlineData("d0 00 00 00 06 00 00 00 02 41 42", 11)]
    [InlineData("c1 05 02 a1 01 6b 41", 7)]
    [InlineData("e0 04 02 50 01 02", 6)]
    [InlineData("f0 00 00 00 07 00 00 00 02 50 01 02", 12)]
    [InlineData("00 53 24 45", 4)]
    public void Measure_OfAValueAndMore_IsTheValuesLength(string hex, int length)
        => Assert.Equal(length, AmqpShape.Measure([.. Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), 0xff, 0xff]));

    [Theory]
    [InlineData("", "reaches beyond")]
    [InlineData("a1 05 68", "reaches beyond")]
    [InlineData("3f", "is not a type")]
    [InlineData("b0 ff ff ff ff", "claims")]
    [InlineData("c0 02 02 41 42", "reaches beyond")]
    [InlineData("c0 04 02 41 42 43", "is longer than its values")]
    [InlineData("c1 02 01 41", "without a value")]
    [InlineData("f0 00 00 00 05 00 ff ff ff 45", "has 16777215 values")]
    [InlineData("f0 00 00 00 05 00 ff ff ff 80", "reaches beyond")]
    public void Measure_OfBytesThatAreNoValue_IsRefused(string hex, string reason)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var refusal = Assert.Throws<AmqpRefusal>(() => AmqpShape.Measure(bytes));
        Assert.Equal(AmqpConditions.DecodeError, refusal.Condition);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_OfADeepNest_IsRefused()
    {
        // Lists in lists, each one value long.
        var nest = new List<byte> { 0x45 };
        for (var i = 0; i < 60; i++)
        {
            nest.InsertRange(0, [0xc0, (byte)(nest.Count + 1), 1]);
        }
        Assert.Contains("nested", Assert.Throws<AmqpRefusal>(() => AmqpShape.Measure([.. nest])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_OfWhateverIsMeasured_IsAValueOrARefusal()
        => Gen.Byte.Array[1, 60].Sample(
            bytes =>
            {
                try
                {
                    AmqpValues.Decode(new(bytes, 0, AmqpShape.Measure(bytes)));
                }
                catch (AmqpRefusal)
                {
                }
            },
            iter: 20_000);
}
