using ModelJobs.LocalRuntime.Amqp;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class UnsettledDeliveriesTests
{
    private static readonly UnsettledDelivery Delivery = new(null!, Guid.Empty);

    [Fact]
    public void Add_BehindOneThatStaysUndecided_KeepsABoundedNumber()
    {
        var unsettled = new UnsettledDeliveries();
        unsettled.Add(0, Delivery);

        for (var id = 1U; id < 10 * UnsettledDeliveries.MaxDeliveries; id++)
        {
            unsettled.Add(id, Delivery);
            unsettled.Remove(id);
        }

        Assert.InRange(unsettled.Kept, 1, 2 * UnsettledDeliveries.MaxDeliveries);
        Assert.Single(unsettled.InRange(0, 0));
    }

    [Fact]
    public void Add_MoreThanAreKept_ForgetsTheOldest()
    {
        var unsettled = new UnsettledDeliveries();

        for (var id = 0U; id <= UnsettledDeliveries.MaxDeliveries; id++)
        {
            unsettled.Add(id, Delivery);
        }

        Assert.Empty(unsettled.InRange(0, 0));
        Assert.Equal(UnsettledDeliveries.MaxDeliveries, unsettled.InRange(1, UnsettledDeliveries.MaxDeliveries).Count);
    }
}
