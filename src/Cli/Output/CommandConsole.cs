using Spectre.Console;

namespace ModelJobs.Cli.Output;

/// <summary>
/// Where a command reads and writes. Standard output carries what was asked for and nothing else, so that it can be piped;
/// progress, messages and errors go to standard error.
/// </summary>
internal sealed class CommandConsole
{
    /// <summary>Columns of a table that goes to a file or a pipe: wide enough that no cell wraps.</summary>
    private const int PipeWidth = 240;

    /// <param name="input">Standard input.</param>
    /// <param name="output">Standard output, as bytes: results are copied through as they came.</param>
    /// <param name="outputIsTerminal">Whether a person reads <paramref name="output"/>.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="errorIsTerminal">Whether a person reads <paramref name="error"/>; decides between a progress bar and plain lines.</param>
    public CommandConsole(Stream input, Stream output, bool outputIsTerminal, TextWriter error, bool errorIsTerminal)
    {
        Input = input;
        OutputBytes = output;
        Output = new StreamWriter(output, leaveOpen: true) { AutoFlush = true };
        OutputRich = Rich(Output, outputIsTerminal);
        Error = error;
        ErrorIsTerminal = errorIsTerminal;
        ErrorRich = Rich(error, errorIsTerminal);
    }

    /// <summary>Standard input, as bytes.</summary>
    public Stream Input { get; }

    /// <summary>Standard output, as bytes.</summary>
    public Stream OutputBytes { get; }

    /// <summary>Standard output, as text; every write is flushed.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard output, for tables and panels; without colours unless it is a terminal.</summary>
    public IAnsiConsole OutputRich { get; }

    /// <summary>Standard error, as text.</summary>
    public TextWriter Error { get; }

    /// <summary>Standard error, for the progress bar.</summary>
    public IAnsiConsole ErrorRich { get; }

    /// <summary>Whether standard error can show a progress bar.</summary>
    public bool ErrorIsTerminal { get; }

    /// <summary>The console of the process itself.</summary>
    public static CommandConsole OfProcess() => new(
        Console.OpenStandardInput(),
        Console.OpenStandardOutput(),
        !Console.IsOutputRedirected,
        Console.Error,
        !Console.IsErrorRedirected);

    private static IAnsiConsole Rich(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        });
        if (!isTerminal)
        {
            console.Profile.Width = PipeWidth;
        }

        return console;
    }
}
