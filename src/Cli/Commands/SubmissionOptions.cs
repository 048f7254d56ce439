using System.CommandLine;
using ModelJobs.Cli.Client;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Commands;

/// <summary>What `run` and `submit` take alike: the input, the model and the options of a job.</summary>
internal sealed class SubmissionOptions
{
    private readonly Argument<string> _file = new("FILE")
    {
        Description = "Items to run, one JSON object a line (.jsonl, .ndjson), or - for standard input",
    };

    private readonly Option<string> _model = new("--model", "-m")
    {
        Description = "Name of a model that the service has configured",
        HelpName = "NAME",
        Required = true,
    };

    private readonly Option<bool> _orderByKey = new("--order-by-key")
    {
        Description = "Process items of one key one at a time, in input order",
    };

    private readonly Option<int?> _chunkItems =
        StandardOptions.Number("--chunk-items", 1, JobLimits.MaxChunkItems, "Most items in one message");

    private readonly Option<int?> _maxConcurrency =
        StandardOptions.Number("--max-concurrency", 1, JobLimits.MaxConcurrency, "Most chunks of the job that run at once");

    private readonly Option<JobPriority> _priority = new("--priority")
    {
        Description = "How the job stands against the others on its model: low, normal or high",
        HelpName = "PRIORITY",
        CustomParser = result =>
        {
            switch (result.Tokens.Count == 1 ? result.Tokens[0].Value : "")
            {
                case "low":
                    return JobPriority.Low;
                case "normal":
                    return JobPriority.Normal;
                case "high":
                    return JobPriority.High;
                default:
                    result.AddError("--priority must be low, normal or high.");
                    return JobPriority.Normal;
            }
        },
    };

    private readonly Option<FailureAction> _onFailure = new("--on-failure")
    {
        Description = "What an item that failed does to the later items of its key: continue, or stopLane, which skips them",
        HelpName = "ACTION",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (text == "stopLane")
            {
                return FailureAction.StopLane;
            }

            if (text != "continue")
            {
                result.AddError("--on-failure must be continue or stopLane.");
            }

            return FailureAction.Continue;
        },
    };

    private readonly Option<Tolerance?> _tolerate = new("--tolerate")
    {
        Description = "End the job early when more items have failed: a number such as 5, or a share such as 1%",
        HelpName = "N|N%",
        CustomParser = result =>
        {
            if (result.Tokens.Count == 1 && Tolerance.TryParse(result.Tokens[0].Value, out var value))
            {
                return value;
            }

            result.AddError("--tolerate must be a number of items such as 5, or a share such as 1%.");
            return null;
        },
    };

    private readonly Option<TimeSpan?> _deadline =
        StandardOptions.Duration("--deadline", JobLimits.MaxDeadline, "How long the job may take");

    private readonly Option<TimeSpan?> _retention =
        StandardOptions.Duration("--retention", JobLimits.MaxRetention, "How long the job is kept after its end");

    private readonly Option<string> _idempotencyKey = new("--idempotency-key")
    {
        Description = "Makes the submission repeatable: the same key and input name the same job",
        HelpName = "KEY",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Check the input and print what the job would take, by count and price; run and store nothing",
    };

    public SubmissionOptions()
    {
        RequireName(_model);
        RequireName(_idempotencyKey);
    }

    /// <summary>Adds the argument and the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_file);
        foreach (var option in (Option[])
            [_model, _orderByKey, _chunkItems, _maxConcurrency, _priority, _onFailure, _tolerate, _deadline, _retention, _idempotencyKey, _dryRun])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The input's path, or <c>-</c>.</summary>
    public string File(ParseResult arguments) => arguments.GetRequiredValue(_file);

    /// <summary>Whether only to say what the job would take.</summary>
    public bool IsDryRun(ParseResult arguments) => arguments.GetValue(_dryRun);

    /// <summary>The submission that the arguments describe.</summary>
    public JobSubmission Submission(ParseResult arguments) => new(
        arguments.GetRequiredValue(_model),
        new JobOptions
        {
            OrderByKey = arguments.GetValue(_orderByKey),
            ChunkItems = arguments.GetValue(_chunkItems),
            MaxConcurrency = arguments.GetValue(_maxConcurrency),
            Priority = arguments.GetValue(_priority),
            OnFailure = arguments.GetValue(_onFailure),
            Tolerate = arguments.GetValue(_tolerate),
            Deadline = arguments.GetValue(_deadline),
            Retention = arguments.GetValue(_retention),
        },
        arguments.GetValue(_idempotencyKey));

    private static void RequireName(Option<string> option) => option.Validators.Add(result =>
    {
        if (result.GetValue(option) is not { Length: > 0 and <= JobLimits.MaxNameLength })
        {
            result.AddError($"{option.Name} must have 1 to {JobLimits.MaxNameLength} characters.");
        }
    });
}
