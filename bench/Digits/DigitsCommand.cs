using System.CommandLine;

namespace ModelJobs.Bench.Digits;

/// <summary><c>digits</c>: a real model through the system and through a plain loop.</summary>
internal sealed class DigitsCommand : Command
{
    private readonly Option<int> _items = new("--items") { Description = "Items of a round", DefaultValueFactory = _ => 10_000 };
    private readonly Option<int> _batch = new("--batch") { Description = "Items in a batch; above 34 the chunks of these digits are too large to travel in a message", DefaultValueFactory = _ => 32 };
    private readonly Option<int> _threads = new("--intra-op-threads")
    {
        Description = "Threads of a run of the session",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<int> _rounds = new("--rounds") { Description = "Measured rounds, of which the median counts", DefaultValueFactory = _ => 11 };
    private readonly Option<int> _warmups = new("--warmups") { Description = "Rounds before", DefaultValueFactory = _ => 12 };

    public DigitsCommand()
        : base("digits", "Measures a real model through the system and through a plain loop over the same session")
    {
        foreach (var option in new Option[] { _items, _batch, _threads, _rounds, _warmups })
        {
            Options.Add(option);
        }

        SetAction(async (arguments, _) =>
        {
            Console.Out.WriteLine(Machine.Describe());
            await DigitsRun.MeasureAsync(
                Console.Out, arguments.GetValue(_items), arguments.GetValue(_batch), arguments.GetValue(_threads), arguments.GetValue(_rounds), arguments.GetValue(_warmups));
            return 0;
        });
    }
}
