using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ModelJobs.LocalRuntime.Worker.Http;

/// <summary>
/// Gives a body to what the server refuses by itself: a request that it cannot read never comes to the app, and the server answers it with a status alone.
/// It does tell, as a diagnostic event, when and why; from then on the connection's output is held back, and the problem goes out with the status.
/// </summary>
internal sealed class RefusedRequests : IObserver<KeyValuePair<string, object?>>
{
    /// <summary>The event that the server raises when it refuses a request; its value are the request's features.</summary>
    public const string Event = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Lets the connections of an endpoint be answered in this way.</summary>
    public static void UseOn(ListenOptions listen) => listen.Use(next => connection =>
    {
        var output = new Output(connection.Transport.Output);
        connection.Features.Set(output);
        connection.Transport = new Duplex(connection.Transport.Input, output);
        return next(connection);
    });

    public void OnNext(KeyValuePair<string, object?> value)
    {
        // What was refused while its answer is under way ends with the connection.
        if (value.Value is IFeatureCollection features
            && features.Get<Output>() is { } output
            && features.Get<IBadRequestExceptionFeature>()?.Error is Microsoft.AspNetCore.Http.BadHttpRequestException refusal
            && features.Get<IHttpResponseFeature>() is { HasStarted: false })
        {
            output.Refuse(HttpProblem.Write(refusal.StatusCode, refusal.Message), features.Get<IHttpRequestFeature>()?.Method != "HEAD");
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>A connection's output: passes on what is written, but for the answer to a request that was refused.</summary>
    private sealed class Output(PipeWriter inner) : PipeWriter
    {
        private ArrayBufferWriter<byte>? _held;
        private byte[] _problem = [];
        private bool _hasBody;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        /// <summary>What is written next is the head of an answer without a body; the connection ends with it.</summary>
        public void Refuse(byte[] problem, bool hasBody)
        {
            _problem = problem;
            _hasBody = hasBody;
            _held = new ArrayBufferWriter<byte>();
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _held?.GetMemory(sizeHint) ?? inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _held is null ? inner.GetSpan(sizeHint) : _held.GetSpan(sizeHint);

        public override void Advance(int bytes)
        {
            if (_held is null)
            {
                inner.Advance(bytes);
            }
            else
            {
                _held.Advance(bytes);
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Release();
            return inner.FlushAsync(cancellationToken);
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            Release();
            inner.Complete(exception);
        }

        private void Release()
        {
            if (_held is not { WrittenCount: > 0 } held)
            {
                return;
            }

            _held = null;
            var head = Encoding.Latin1.GetString(held.WrittenSpan);
            const string Empty = "Content-Length: 0\r\n";
            if (head.Contains(Empty, StringComparison.Ordinal) && head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                head = head.Replace(Empty, $"Content-Type: {HttpProblem.ContentType}\r\nContent-Length: {_problem.Length}\r\n", StringComparison.Ordinal);
                inner.Write(Encoding.Latin1.GetBytes(head));
                inner.Write(_hasBody ? _problem : []);
            }
            else
            {
                // Not what it is known to write: left as it is.
                inner.Write(held.WrittenSpan);
            }
        }
    }
}
