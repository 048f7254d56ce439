using ModelJobs.Cli;
using ModelJobs.Cli.Commands;

using var interrupt = new InterruptSignal();
return await new JobsCommandLine(CommandEnvironment.OfProcess()).RunAsync(args, interrupt.Token);
