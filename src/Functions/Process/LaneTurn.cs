using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Recover;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Runs a chunk of a lane in its turn, to the end: while its items fail transiently the lane waits, for what comes after them must not
/// pass them by. Where the endpoint takes no calls the chunk gives the lane back and comes again later: that may take longer than a function
/// may run. A chunk that was given up before is run item by item, each begin on record, so that the item that kills workers is
/// found and the lane goes on without it.
/// </summary>
internal sealed class LaneTurn(
    ChunkRunner runner, Suspects suspects, ResultSender results, ParkedQueue parked, JobControls controls, RunWatch watch, JobSettings settings)
{
    /// <summary>Runs and answers a chunk.</summary>
    /// <param name="chunk">The chunk, whose turn it is.</param>
    /// <param name="work">Its items.</param>
    /// <param name="delivery">Which delivery of its message this is, 1-based.</param>
    /// <param name="state">The lane's state.</param>
    /// <param name="saveAsync">Stores the lane's state.</param>
    /// <param name="meter">Measures the run.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <returns>What is to become of the lane.</returns>
    public async Task<LaneTurnEnd> RunAsync(
        ChunkMessage chunk,
        IReadOnlyList<ChunkItem> work,
        int delivery,
        LaneState state,
        Func<LaneState, Task> saveAsync,
        RunMeter meter,
        CancellationToken cancellationToken)
    {
        using var watched = watch.Enter(chunk.Id.Job, chunk.Epoch);
        var turn = new Turn(chunk, chunk.Lane!, work, delivery, state, saveAsync, meter, watched.Stopped);
        var later = Suspects.Include(chunk) ? await RunOneByOneAsync(turn, cancellationToken) : await RunToEndAsync(turn, cancellationToken);
        if (watched.Stopped.IsCancellationRequested && turn.Run.Open > 0)
        {
            turn.Run.CancelOpen((await controls.GetAsync(chunk.Id.Job, chunk.Epoch, cancellationToken)).StopReason);
        }

        await AnswerAsync(turn, cancellationToken);
        return turn.Run.Open > 0
            ? new LaneTurnEnd(turn.State(), later)
            : new LaneTurnEnd(state.Stop(turn.Run.StoppedKeys) with { Finished = turn.Place.Sequence, Progress = null }, Again: null);
    }

    /// <returns>How long what is open waits; null if nothing is.</returns>
    private async Task<TimeSpan?> RunOneByOneAsync(Turn turn, CancellationToken cancellationToken)
    {
        for (var position = 0; position < turn.Run.Items.Count && !turn.Stopped.IsCancellationRequested; position++)
        {
            if (!turn.Run.IsOpen(position))
            {
                continue;
            }

            if (turn.Begin(position) > Suspects.MaxTries)
            {
                var poison = Poison.ResultOf(turn.Run.Items[position], turn.Run.AttemptsOf(position), Suspects.MaxTries, turn.Chunk.History);
                await parked.ParkAsync(turn.Chunk, turn.Run.Items[position], poison, ProcessChunk.WorkerLost, cancellationToken);
                turn.Run.Close(position, poison);
                await AnswerAsync(turn, cancellationToken);
                continue;
            }

            await turn.SaveAsync();
            turn.Run.Only = position;
            var later = await RunToEndAsync(turn, cancellationToken);
            await AnswerAsync(turn, cancellationToken);
            if (later is not null)
            {
                turn.Ended();
                return later;
            }
        }

        return null;
    }

    /// <summary>Runs items until none of them rests, or only such whose calls were throttled.</summary>
    /// <returns>How long those wait; null if none rests.</returns>
    private async Task<TimeSpan?> RunToEndAsync(Turn turn, CancellationToken cancellationToken)
    {
        while (true)
        {
            await RunOnceAsync(turn, cancellationToken);
            if (turn.Stopped.IsCancellationRequested || !turn.Run.HasResting)
            {
                return null;
            }

            var failing = turn.Run.Resting(throttled: false);
            var throttled = turn.Run.Resting(throttled: true);
            if (failing.Count == 0 ? turn.Throttles >= settings.MaxThrottledReturns : turn.Returns >= settings.MaxReturns)
            {
                // What comes after them may run now, and has returns of its own.
                turn.Run.FailResting(throttled: failing.Count == 0);
                turn.Forgive(throttled: failing.Count == 0);
                await AnswerAsync(turn, cancellationToken);
                await turn.SaveAsync();
                continue;
            }

            if (failing.Count == 0)
            {
                return runner.ReturnDelay(turn.Throttles++, turn.Run.RetryAfter(throttled));
            }

            var asked = turn.Run.RetryAfter(failing);
            var wait = runner.ReturnDelay(turn.Returns++, asked < settings.MaxReturnDelay ? asked : settings.MaxReturnDelay);
            await AnswerAsync(turn, cancellationToken);
            await turn.SaveAsync();
            await runner.WaitAsync(wait, turn.Stopped, cancellationToken);
            turn.Run.Wake();
        }
    }

    private Task RunOnceAsync(Turn turn, CancellationToken cancellationToken) => Suspects.Include(turn.Chunk)
        ? suspects.AloneAsync(() => runner.RunAsync(turn.Chunk.Model, turn.Run, turn.Stopped, cancellationToken), cancellationToken)
        : runner.RunAsync(turn.Chunk.Model, turn.Run, turn.Stopped, cancellationToken);

    private async Task AnswerAsync(Turn turn, CancellationToken cancellationToken)
    {
        await results.SendAsync(turn.Chunk, turn.Run.TakeResults(), cancellationToken, turn.Run.Meter);
        turn.Answered();
    }

    /// <summary>A chunk's turn in its lane.</summary>
    private sealed class Turn
    {
        private readonly ItemSet _done;
        private readonly LaneState _before;
        private readonly Func<LaneState, Task> _saveAsync;
        private ChunkProgress _progress;

        public Turn(
            ChunkMessage chunk,
            LanePlace place,
            IReadOnlyList<ChunkItem> work,
            int delivery,
            LaneState state,
            Func<LaneState, Task> saveAsync,
            RunMeter meter,
            CancellationToken stopped)
        {
            (Chunk, Place, Stopped, _before, _saveAsync) = (chunk, place, stopped, state, saveAsync);
            var progress = state.Progress is { } known && known.Sequence == place.Sequence
                ? known
                : new ChunkProgress(place.Sequence, default, chunk.Attempts, chunk.Returns, Delivery: 1) { Throttles = chunk.Throttles };
            _done = ItemSet.FromBytes(progress.Done.Span);
            _progress = progress with { Delivery = delivery };
            (Returns, Throttles) = (progress.Returns, progress.Throttles);
            Run = new ChunkRun(work, progress.Attempts + Math.Max(0, delivery - progress.Delivery), place.ByKey, place.StopOnFailure)
            {
                Share = JobShare.Of(chunk),
                Meter = meter,
            };
            foreach (var position in _done.Positions)
            {
                Run.Skip(position);
            }

            foreach (var position in Run.OpenPositions)
            {
                if (state.WhyStopped(work[position]) is { } error)
                {
                    Run.Close(position, ChunkRunner.NotRun(work[position], ItemStatus.Canceled, error));
                }
            }
        }

        public ChunkMessage Chunk { get; }

        public LanePlace Place { get; }

        public CancellationToken Stopped { get; }

        public ChunkRun Run { get; }

        /// <summary>How often its items have waited for another round of attempts.</summary>
        public int Returns { get; set; }

        /// <summary>How often they have waited because their calls were throttled.</summary>
        public int Throttles { get; set; }

        /// <summary>Begins to count anew.</summary>
        public void Forgive(bool throttled) => (Returns, Throttles) = throttled ? (Returns, 0) : (0, Throttles);

        /// <summary>Says that the item that was begun is not run any more, though it is open.</summary>
        public void Ended() => _progress = _progress with { Trying = null, Tries = 0 };

        /// <summary>Says that an item is about to be run.</summary>
        /// <returns>How often it was begun, this time included.</returns>
        public int Begin(int position)
        {
            _progress = _progress.Trying == position ? _progress with { Tries = _progress.Tries + 1 } : _progress with { Trying = position, Tries = 1 };
            return _progress.Tries;
        }

        /// <summary>Says that what is closed was answered.</summary>
        public void Answered()
        {
            for (var position = 0; position < Run.Items.Count; position++)
            {
                if (!Run.IsOpen(position))
                {
                    _done.Add(position);
                }
            }
        }

        /// <summary>Stores how far it has come.</summary>
        public Task SaveAsync() => _saveAsync(State());

        /// <summary>The lane's state as the chunk leaves it before its end.</summary>
        public LaneState State() => _before.Stop(Run.StoppedKeys) with
        {
            Progress = _progress with { Done = _done.ToBytes(), Attempts = Run.MostAttempts, Returns = Returns, Throttles = Throttles },
        };
    }
}

/// <summary>What is to become of a lane after a chunk's turn.</summary>
/// <param name="State">The lane's state, to be stored.</param>
/// <param name="Again">When the chunk is to have another turn, since it is not done; null if it is.</param>
internal sealed record LaneTurnEnd(LaneState State, TimeSpan? Again);
