namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>
/// Something that is done to a broker and its model. Whom it concerns (a queue, a received message, a session) is a number, taken modulo
/// how many there are, so that every operation makes sense at any time.
/// </summary>
internal interface IOperation
{
    void Do(BrokerWorld world);
}
