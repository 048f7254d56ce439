using Microsoft.Extensions.DependencyInjection;

namespace ModelJobs.LocalRuntime.Hosting;

internal static class DurableEngine
{
    public static void AddTo(IServiceCollection services, int seed) => services.AddSingleton(new Random(seed));
}
