using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

/// <summary>Faults in what orchestrators reach: calls, lambdas, iterators, overrides, constructors, initializers, operators, extension methods.</summary>
public static class Reached
{
    [Function("Reached")]
    public static async Task<int> Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var window = new Window(context);
        await window.RunAsync();
        IStep step = new Step();
        Plan plan = new DailyPlan();
        var numbers = Numbers().Select(Shift).ToList();
        Func<DateTime> late = () => DateTime.UtcNow; // MJ0001
        using var scope = new Scope();
        return step.Next() + plan.Count() + numbers.Count + new Money(1).Plus().Cents + (new Money(1) + new Money(2)).Cents + Local() + window.Age + late().Day;

        int Local() => DateTime.Now.Day; // MJ0001
    }

    private static int Shift(int number) => number + DateTime.Now.Day; // MJ0001

    private static IEnumerable<int> Numbers()
    {
        yield return DateTime.Now.Day; // MJ0001
    }

    private sealed class Window(TaskOrchestrationContext context)
    {
        private static readonly Guid Id = Guid.NewGuid(); // MJ0002
        private readonly DateTime _made = DateTime.UtcNow; // MJ0001

        public int Age => DateTime.UtcNow.Day - _made.Day; // MJ0001

        public async Task RunAsync()
        {
            await context.CallActivityAsync("A", Id);
            await Deeper();
        }

        private static Task Deeper() => Task.Delay(1); // MJ0003
    }

    private interface IStep
    {
        int Next();
    }

    private sealed class Step : IStep
    {
        public int Next() => DateTime.Now.Day; // MJ0001
    }

    private abstract class Plan
    {
        public abstract int Count();
    }

    private sealed class DailyPlan : Plan
    {
        public override int Count() => DateTime.Now.Day; // MJ0001
    }

    private sealed class Scope : IDisposable
    {
        public void Dispose() => Console.WriteLine("bye"); // MJ0004
    }

    public readonly record struct Money(int Cents)
    {
        public static Money operator +(Money left, Money right) => new(left.Cents + right.Cents + DateTime.Now.Day); // MJ0001
    }

    private static Money Plus(this Money money) => new(money.Cents + DateTime.Now.Day); // MJ0001
}
