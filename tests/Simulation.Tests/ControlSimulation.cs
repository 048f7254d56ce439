using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.LocalRuntime.Faults;
using ModelJobs.Simulation.Tests.Support;

namespace ModelJobs.Simulation.Tests;

/// <summary>
/// Runs a job while somebody pauses, resumes and cancels it at any moment, lets it run into its deadline or beyond its tolerance, and then redrives or
/// discards what did not succeed. All is drawn from the plan's seed.
/// </summary>
internal sealed class ControlSimulation : ISimulation
{
    private readonly FaultPlan _plan;
    private readonly World _world;
    private readonly ControlScript _script;
    private readonly List<(long Recorded, long Mended)> _begins = [];
    private SimulatedApp? _app;

    /// <param name="plan">Seed and profile.</param>
    /// <param name="log">Takes what the app logs; null: nobody does.</param>
    public ControlSimulation(FaultPlan plan, SimulationLog? log = null)
    {
        _plan = plan;
        _world = new World(log);
        _script = ControlScript.Draw(new Random(plan.Seed));
    }

    public SimulatedTime Time => _world.Time;

    public bool IsBusy => _app?.IsWriting ?? false;

    /// <exception cref="Exception">An invariant does not hold; the message has the command that runs this simulation alone.</exception>
    public async Task RunAsync()
    {
        try
        {
            await using var app = await SimulatedApp.StartAsync(_world, _plan);
            _app = app;
            await RunRoundsAsync(app);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{this}: {failure.Message}", failure);
        }
        finally
        {
            _app = null;
        }
    }

    public override string ToString() => $"MODELJOBS_SIM_SEED={_plan} dotnet test tests/Simulation.Tests --filter {nameof(ControlSimulationTests)}";

    private async Task RunRoundsAsync(SimulatedApp app)
    {
        var view = app.View();
        var caller = new PatientCaller(view, Time);
        _begins.Add((0, 0));
        var job = await caller.SubmitAsync(_script.Job);
        var lines = await EndRoundAsync(app, view, caller, job.Id, _script.Steps);
        foreach (var round in _script.Rounds)
        {
            var rested = !round.AtOnce;
            if (rested)
            {
                await Rest.OfAsync(view, Time);
            }

            _begins.Add((view.Recorder.Clock, view.Mended.Clock));
            if (!await caller.ControlAsync(job.Id, round.Action, BodyOf(round, lines)))
            {
                throw new InvalidOperationException($"A job that has ended cannot be {round.Action}n.");
            }

            var after = await EndRoundAsync(app, view, caller, job.Id, round.Steps);
            CheckKept(lines, after);
            CheckNotRunAgain(view, lines, rested);
            lines = after;
        }

        await Rest.OfAsync(view, Time);
        QueueInvariants.CheckAtRest(view, faults: int.MaxValue);
        Assert.Empty(_world.LossWatch.Losses);
        CheckOrder(view);
    }

    private async Task<Dictionary<long, ItemResult>> EndRoundAsync(
        SimulatedApp app, LocalApp view, PatientCaller caller, string id, IReadOnlyList<ControlStep> steps)
    {
        foreach (var step in steps)
        {
            await Task.Delay(step.After, Time);
            await caller.ControlAsync(id, step.Action);
        }

        await app.Durable.WaitForInstanceCompletionAsync(id, CancellationToken.None);
        await Invariants.CheckLinesAsync(view.Jobs, await caller.GetAsync(id));
        var lines = new Dictionary<long, ItemResult>();
        foreach (var read in (IAsyncEnumerable<ItemResult>[])[view.Jobs.ResultsAsync(id), view.Jobs.ErrorsAsync(id)])
        {
            await foreach (var line in read)
            {
                lines.Add(line.Index, line);
            }
        }

        Assert.All(lines.Values, line => Assert.True(
            line.Error is not { Code: var code } || code is "simulated" or "canceled" or "deadline_exceeded" or "tolerance_exceeded" or "key_stopped" or "dead_lettered" or "worker_lost",
            $"Item {line.Index} failed for no reason: {line.Error?.Code} {line.Error?.Message}"));
        return lines;
    }

    private static string BodyOf(ControlRound round, Dictionary<long, ItemResult> lines)
    {
        var ids = round.Share is { } share
            ? lines.Values.Where(line => line.Status != ItemStatus.Succeeded && line.Index % 3 == share).Select(line => line.Id).DefaultIfEmpty("no such item").ToList()
            : null;
        return round.Action == "redrive"
            ? JsonSerializer.Serialize(new RedriveRequest { Codes = round.Codes, Ids = ids, Model = round.Model }, ContractsJson.Wire.RedriveRequest)
            : JsonSerializer.Serialize(new ParkedSelection { Codes = round.Codes, Ids = ids }, ContractsJson.Wire.ParkedSelection);
    }

    /// <summary>What had succeeded is there as it was, and what was discarded stays so.</summary>
    private static void CheckKept(Dictionary<long, ItemResult> before, Dictionary<long, ItemResult> after)
    {
        foreach (var line in before.Values.Where(line => line.Status is ItemStatus.Succeeded or ItemStatus.Discarded))
        {
            var now = after[line.Index];
            Assert.Equal((line.Index, line.Status, line.Output?.GetRawText()), (now.Index, now.Status, now.Output?.GetRawText()));
        }
    }

    /// <summary>No item that had succeeded, or was discarded, was run in the last round.</summary>
    private void CheckNotRunAgain(LocalApp view, Dictionary<long, ItemResult> before, bool rested)
    {
        // A message that was there twice when the round began may still be run by who has it.
        if (!rested && _plan.Profile.ProbabilityOf(FaultKind.DeliveredTwice) + _plan.Profile.ProbabilityOf(FaultKind.MessageLockExpired) > 0)
        {
            return;
        }

        var (recorded, mended) = _begins[^1];
        var run = view.Recorder.Attempts.Where(attempt => attempt.Start > recorded)
            .Concat(view.Mended.Attempts.Where(attempt => attempt.Start > mended));
        Assert.All(run, attempt => Assert.True(
            before[attempt.Index].Status is ItemStatus.Failed or ItemStatus.Canceled, $"{attempt} ran again: it was {before[attempt.Index].Status}."));
    }

    /// <summary>In each round the items of a key ran in order.</summary>
    private void CheckOrder(LocalApp view)
    {
        if (!_script.Job.Query.Contains("orderByKey", StringComparison.Ordinal))
        {
            return;
        }

        var locksLost = _plan.Profile.ProbabilityOf(FaultKind.SessionLockExpired) > 0;
        foreach (var (begin, end) in _begins.Zip(_begins.Skip(1).Append((Recorded: long.MaxValue, Mended: long.MaxValue))))
        {
            OrderInvariants.CheckWithRepetitions(Between(view.Recorder.Attempts, begin.Recorded, end.Recorded), locksLost);
            OrderInvariants.CheckWithRepetitions(Between(view.Mended.Attempts, begin.Mended, end.Mended), locksLost);
        }

        static IEnumerable<Attempt> Between(IEnumerable<Attempt> attempts, long begin, long end) =>
            attempts.Where(attempt => attempt.Start > begin && attempt.Start <= end);
    }
}
