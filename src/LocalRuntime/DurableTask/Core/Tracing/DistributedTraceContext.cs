using DurableTask.Core.Tracing;

namespace DurableTask.Core.Tracing
{
    /// <summary>A W3C trace context. Only the start of an execution carries one, and only if somebody records the trace.</summary>
    public class DistributedTraceContext(string traceParent, string? traceState = null)
    {
        public string TraceParent { get; set; } = traceParent;

        public string? TraceState { get; set; } = traceState;
    }
}

namespace DurableTask.Core
{
    /// <summary>An event that may belong to a trace.</summary>
    public interface ISupportsDurableTraceContext
    {
        DistributedTraceContext? ParentTraceContext { get; set; }
    }
}
