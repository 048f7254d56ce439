using Microsoft.Extensions.Hosting;
using ModelJobs.Functions;

await ModelJobsApp.CreateBuilder(args).Build().RunAsync();
