using Microsoft.Extensions.DependencyInjection;

namespace ModelJobs.LocalRuntime.Hosting;

internal static class DurableEngine
{
    public static void AddTo(IServiceCollection services, int seed) => services.AddSingleton(new Random(seed));
}

internal static class ServiceBusDefinition
{
    public static IReadOnlyList<Broker.QueueDefinition> Read(string file) => throw new LocalRuntimeException(file);
}
