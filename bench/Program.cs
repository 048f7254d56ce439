using ModelJobs.Bench;

return await new BenchCommand().Parse(args).InvokeAsync();
