using System.Security.Cryptography;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Amqp.Hosting;

/// <summary>
/// The endpoint's key. It is made once and kept in the data folder, for its owner's eyes: a key that everyone knows would let every program
/// of the machine in, and over WebSocket every page in a browser. Who needs the official emulator's well-known key can set it, on loopback.
/// </summary>
internal static class EndpointKey
{
    public const string Name = "RootManageSharedAccessKey";

    private const string FileName = "amqp.key";
    private const int Bytes = 32;

    /// <summary>Characters of the shortest key that is taken where other machines can reach the endpoint.</summary>
    private const int MinRemoteLength = 32;

    /// <param name="options">May set a key, and say where one is kept.</param>
    /// <param name="isLocal">Whether only this machine can reach the endpoint.</param>
    /// <exception cref="LocalRuntimeException">The key that is set is too short for other machines, or none can be kept.</exception>
    public static string Find(LocalRuntimeOptions options, bool isLocal)
    {
        if (options.AmqpKey is { } key)
        {
            if (key.Contains(';', StringComparison.Ordinal))
            {
                throw new LocalRuntimeException("LocalRuntime:AmqpKey has a semicolon, which would end it in a connection string: set another key.");
            }

            return isLocal || key.Length >= MinRemoteLength
                ? key
                : throw new LocalRuntimeException(
                    $"LocalRuntime:AmqpHost is '{options.AmqpHost}', which other machines can reach, and LocalRuntime:AmqpKey is short: set a key " +
                    $"of at least {MinRemoteLength} characters, or none to have one made.");
        }

        var file = Path.Combine(options.DataFolder, FileName);
        try
        {
            return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: >= MinRemoteLength } kept ? kept : Make(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalRuntimeException(
                $"The key for AMQP cannot be kept in {file} ({exception.Message}). Make the folder writable, or set LocalRuntime:AmqpKey.", exception);
        }
    }

    private static string Make(string file)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(Bytes));
        OwnedFile.Write(file, key);
        return key;
    }
}
