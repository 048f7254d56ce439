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
