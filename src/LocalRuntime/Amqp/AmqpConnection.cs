using System.Buffers;
using System.IO.Pipelines;
using Amqp;
using Amqp.Framing;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Amqp.Security;
using ModelJobs.LocalRuntime.Amqp.Wire;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>
/// One client's connection. Frames are read one after another, and everything that happens on the connection happens under its
/// <see cref="Gate"/>: a frame that came, an answer of the broker, a tick. Nothing waits under it. The answers go to
/// <see cref="Output"/>; while that is full, no frame is read and no message is taken from a queue.
/// </summary>
internal sealed partial class AmqpConnection : IDisposable
{
    private readonly AmqpServices _services;
    private readonly IDuplexPipe _transport;
    private readonly Action _abort;
    private readonly FrameReader _frames = new();
    private readonly Dictionary<ushort, AmqpSession> _sessions = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly List<Claim> _claims = [];
    private TaskCompletionSource? _room;
    private Phase _phase;
    private ITimer? _timer;
    private DateTimeOffset _heardAt;
    private TimeSpan _peerPatience = Timeout.InfiniteTimeSpan;
    private long _unansweredBytes;
    private long _partBytes;

    /// <param name="transport">The bytes of the client.</param>
    /// <param name="services">What the endpoint is made of.</param>
    /// <param name="abort">Cuts the client off.</param>
    public AmqpConnection(IDuplexPipe transport, AmqpServices services, Action abort)
    {
        _transport = transport;
        _services = services;
        _abort = abort;
        Output = new FrameOutput(transport.Output, Gate, OnRoom);
        Transactions = new ConnectionTransactions(services.Broker);
        _heardAt = services.Time.GetUtcNow();
    }

    private enum Phase
    {
        /// <summary>Waits for the first protocol header, which asks for SASL or not.</summary>
        Greeting,

        /// <summary>Waits for the client's choice of a mechanism.</summary>
        Sasl,

        /// <summary>Waits for the header of AMQP itself.</summary>
        Header,

        /// <summary>Waits for the client's open.</summary>
        Opening,

        Open,

        /// <summary>We sent a close, and wait for the client's.</summary>
        Closing,

        Closed,
    }

    /// <summary>Held while anything of the connection, its sessions or its links changes.</summary>
    public Lock Gate { get; } = new();

    public FrameOutput Output { get; }

    public MessageBroker Broker => _services.Broker;

    public AmqpServices Services => _services;

    /// <summary>Set when the connection is over.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Whether frames may still be sent.</summary>
    public bool IsOpen => _phase == Phase.Open;

    /// <summary>Links of all sessions.</summary>
    public IEnumerable<AmqpLink> Links => _sessions.Values.SelectMany(static session => session.Links);

    public int LinkCount { get; set; }

    public ConnectionTransactions Transactions { get; }

    /// <summary>Where messages are encoded before they are cut into frames.</summary>
    public ByteBuffer Scratch { get; } = new(1024, autoGrow: true);

    /// <summary>Serves the client until it goes, is sent away, or the endpoint stops.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        _timer = _services.Time.CreateTimer(
            static connection => ((AmqpConnection)connection!).OnTick(), this, AmqpLimits.TickInterval, AmqpLimits.TickInterval);
        var sending = Output.RunAsync(_ended.Token);
        var stop = stopping.UnsafeRegister(static connection => ((AmqpConnection)connection!).Stop(), this);
        var isClean = false;
        try
        {
            isClean = await ReadAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The client is gone without a word; what it holds runs out.
        }
        finally
        {
            await stop.DisposeAsync().ConfigureAwait(false);
            lock (Gate)
            {
                End(isClean);
            }
            await FinishSendingAsync(sending).ConfigureAwait(false);
            Dispose();
        }
    }

    /// <summary>Runs what an answer of the broker leads to, unless the connection is over by then.</summary>
    public void Enter(Action action)
    {
        lock (Gate)
        {
            if (_phase >= Phase.Closing)
            {
                return;
            }
            try
            {
                action();
            }
            catch (Exception exception)
            {
                LogDefect(_services.Logger, exception);
                CloseWith(AmqpConditions.ErrorOf(exception));
            }
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            _timer?.Dispose();
            _timer = null;
            _ended.Dispose();
        }
    }

    /// <summary>Counts bytes of deliveries that the client sent whole and that are not answered yet; a negative number when they are.</summary>
    public void CountUnanswered(long bytes)
    {
        _unansweredBytes += bytes;
        if (bytes < 0)
        {
            ReadOn();
        }
    }

    /// <summary>Counts bytes of deliveries that came in part; a negative number when they are whole or dropped.</summary>
    /// <exception cref="AmqpRefusal">There are too many: waiting would not help, as they are waiting too.</exception>
    public void CountParts(long bytes)
    {
        _partBytes += bytes;
        if (_partBytes > AmqpLimits.MaxPartBytes)
        {
            throw new AmqpRefusal(
                AmqpConditions.ResourceLimitExceeded, "Too many large messages were begun side by side: end some before beginning others.");
        }
    }

    /// <summary>Lets the client use an entity.</summary>
    public void Grant(Claim claim)
    {
        _claims.RemoveAll(known => known.Path.Equals(claim.Path, StringComparison.OrdinalIgnoreCase));
        if (_claims.Count >= AmqpLimits.MaxClaims)
        {
            throw new AmqpRefusal(AmqpConditions.ResourceLimitExceeded, $"A connection may use {AmqpLimits.MaxClaims} entities.");
        }
        _claims.Add(claim);
    }

    /// <exception cref="AmqpRefusal">The client has shown no valid token for it (unauthorized-access).</exception>
    public void ThrowUnlessAllowed(string path)
    {
        if (!IsAllowed(path))
        {
            throw new AmqpRefusal(
                AmqpConditions.UnauthorizedAccess,
                $"No valid token was put for '{path}' on this connection. Use the connection string that the endpoint printed at its start.");
        }
    }

    /// <summary>What the client is told of a failure. One that is a defect of ours is logged.</summary>
    public Error ErrorOf(Exception exception)
    {
        if (AmqpConditions.IsDefect(exception))
        {
            LogDefect(_services.Logger, exception);
        }
        return AmqpConditions.ErrorOf(exception);
    }

    /// <summary>Tells the client what it did wrong and ends the connection.</summary>
    public void CloseWith(Error error)
    {
        if (_phase is Phase.Opening or Phase.Header)
        {
            // A close is only understood after an open.
            WriteOpen();
        }
        if (_phase is Phase.Opening or Phase.Header or Phase.Open)
        {
            Output.Write(FrameType.Amqp, 0, new Close { Error = error });
        }
        _phase = Phase.Closing;
        EndSessions(isClean: true);
        _timer?.Change(AmqpLimits.CloseTimeout, AmqpLimits.CloseTimeout);
    }

    private bool IsAllowed(string path)
    {
        var now = _services.Time.GetUtcNow();
        return _claims.Exists(claim => claim.Covers(path, now));
    }

    /// <returns>Whether the client said goodbye.</returns>
    private async Task<bool> ReadAsync()
    {
        while (true)
        {
            var read = await _transport.Input.ReadAsync(_ended.Token).ConfigureAwait(false);
            var rest = read.Buffer;
            while (await RoomAsync().ConfigureAwait(false) && HandleNext(ref rest))
            {
            }
            _transport.Input.AdvanceTo(rest.Start, rest.End);
            if (_phase == Phase.Closed)
            {
                return true;
            }
            if (read.IsCompleted)
            {
                return false;
            }
        }
    }

    /// <summary>Handles one frame or header.</summary>
    /// <returns>False if none is there whole, or none is wanted any more.</returns>
    private bool HandleNext(ref ReadOnlySequence<byte> input)
    {
        lock (Gate)
        {
            try
            {
                return Handle(ref input);
            }
            catch (AmqpRefusal refusal)
            {
                LogRefused(_services.Logger, refusal.Condition, refusal.Message);
                Refuse(AmqpConditions.ErrorOf(refusal));
            }
            catch (Exception exception)
            {
                LogDefect(_services.Logger, exception);
                Refuse(AmqpConditions.ErrorOf(exception));
            }
            input = input.Slice(input.End);
            return false;
        }
    }

    private void Refuse(Error error)
    {
        CloseWith(error);
        // What follows cannot be understood.
        _phase = Phase.Closed;
    }

    private bool Handle(ref ReadOnlySequence<byte> input)
    {
        _heardAt = _services.Time.GetUtcNow();
        switch (_phase)
        {
            case Phase.Closed:
                return false;
            case Phase.Greeting or Phase.Header:
                return TryReadHeader(ref input);
            default:
                if (!_frames.TryRead(ref input, out var frame))
                {
                    return false;
                }
                if (_phase == Phase.Sasl)
                {
                    Authenticate(frame);
                }
                else if (frame.Body.Count > 0)
                {
                    Handle(frame);
                }
                return true;
        }
    }

    private void Handle(ReceivedFrame frame)
    {
        var payload = frame.Body;
        var performative = frame.Type == FrameType.Amqp
            ? FrameReader.ReadPerformative(ref payload)
            : throw new AmqpRefusal(AmqpConditions.FramingError, "A SASL frame came after SASL was over.");
        if (performative is Close)
        {
            if (_phase == Phase.Open)
            {
                Output.Write(FrameType.Amqp, 0, new Close());
            }
            _phase = Phase.Closed;
        }
        else if (_phase == Phase.Closing)
        {
            // It crossed our close.
        }
        else if (_phase == Phase.Opening)
        {
            OnOpen(performative as Open ?? throw new AmqpRefusal(AmqpConditions.NotAllowed, "The first frame must be an open."));
        }
        else if (performative is Begin begin)
        {
            OnBegin(frame.Channel, begin);
        }
        else if (!_sessions.TryGetValue(frame.Channel, out var session))
        {
            throw new AmqpRefusal(AmqpConditions.NotAllowed, $"There is no session on channel {frame.Channel}: begin one first.");
        }
        else if (performative is End)
        {
            session.OnEnd(isClean: true);
            _sessions.Remove(frame.Channel);
            Output.Write(FrameType.Amqp, frame.Channel, new End());
        }
        else
        {
            session.Handle(performative, payload);
        }
    }

    private void OnBegin(ushort channel, Begin begin)
    {
        if (channel > AmqpLimits.MaxChannel || !_sessions.TryAdd(channel, new AmqpSession(this, channel, begin)))
        {
            throw new AmqpRefusal(
                AmqpConditions.NotAllowed, $"Channel {channel} is in use, or higher than {AmqpLimits.MaxChannel}.");
        }
        _sessions[channel].Begin();
    }

    /// <summary>Waits until the client read what waits for it and what it sent is answered, or most of it.</summary>
    private ValueTask<bool> RoomAsync()
    {
        lock (Gate)
        {
            return HasRoom ? new(true) : new(WaitAsync(_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        async Task<bool> WaitAsync(TaskCompletionSource room)
        {
            while (true)
            {
                await room.Task.WaitAsync(_ended.Token).ConfigureAwait(false);
                lock (Gate)
                {
                    if (HasRoom)
                    {
                        return true;
                    }
                    room = _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
        }
    }

    private bool HasRoom => !Output.IsFull && _unansweredBytes < AmqpLimits.MaxUnansweredBytes;

    private void ReadOn()
    {
        _room?.TrySetResult();
        _room = null;
    }

    private void OnRoom()
    {
        ReadOn();
        if (IsOpen && !Output.IsFull)
        {
            foreach (var session in _sessions.Values)
            {
                session.Pump();
            }
        }
    }

    private void Stop()
    {
        lock (Gate)
        {
            if (_phase < Phase.Closing)
            {
                CloseWith(AmqpConditions.ErrorOf(AmqpConditions.ConnectionForced, "The endpoint stops."));
            }
        }
    }

    private void End(bool isClean)
    {
        _phase = Phase.Closed;
        EndSessions(isClean);
        Output.Complete();
    }

    private void EndSessions(bool isClean)
    {
        foreach (var session in _sessions.Values)
        {
            session.OnEnd(isClean);
        }
        _sessions.Clear();
        Transactions.EndAll();
    }

    private async Task FinishSendingAsync(Task sending)
    {
        try
        {
            await sending.WaitAsync(AmqpLimits.CloseTimeout, _services.Time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException or IOException or InvalidOperationException)
        {
            _abort();
        }
        await _ended.CancelAsync().ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A client was refused: {Condition}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string condition, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The AMQP endpoint failed")]
    private static partial void LogDefect(ILogger logger, Exception exception);
}
