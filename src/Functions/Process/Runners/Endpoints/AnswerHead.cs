using System.ClientModel.Primitives;

namespace ModelJobs.Functions.Process.Runners.Endpoints;

/// <summary>Status and headers of a call's answer, which the client's typed results leave out. It flows with the call.</summary>
internal sealed class AnswerHead
{
    private static readonly AsyncLocal<AnswerHead?> Current = new();
    private PipelineResponseHeaders? _headers;

    private AnswerHead()
    {
    }

    /// <summary>Notes the head of each answer.</summary>
    public static PipelinePolicy Policy { get; } = new Observer();

    /// <summary>The HTTP status; null if there was no answer.</summary>
    public int? Status { get; private set; }

    /// <summary>Begins to listen, in this method and what it calls.</summary>
    public static AnswerHead Listen() => Current.Value = new AnswerHead();

    /// <summary>A header's value; null if it is absent.</summary>
    public string? Find(string header) => _headers is not null && _headers.TryGetValue(header, out var value) ? value : null;

    private sealed class Observer : PipelinePolicy
    {
        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            ProcessNext(message, pipeline, currentIndex);
            Note(message);
        }

        public override async ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            await ProcessNextAsync(message, pipeline, currentIndex);
            Note(message);
        }

        private static void Note(PipelineMessage message)
        {
            if (Current.Value is { } head && message.Response is { } response)
            {
                head.Status = response.Status;
                head._headers = response.Headers;
            }
        }
    }
}
