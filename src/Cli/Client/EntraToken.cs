using System.Net.Http.Headers;
using Azure.Core;
using Azure.Identity;

namespace ModelJobs.Cli.Client;

/// <summary>
/// The token of Microsoft Entra ID that the service is called with. It is kept until shortly before its end, since a credential may start a
/// program for each; it goes into one header and nowhere else.
/// </summary>
/// <param name="credential">Gets tokens.</param>
/// <param name="scope">What they are for, as <c>api://…/.default</c>.</param>
/// <param name="time">The clock of their end.</param>
internal sealed class EntraToken(TokenCredential credential, string scope, TimeProvider time) : IDisposable
{
    /// <summary>How long before its end a token is replaced.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private AccessToken? _token;

    /// <summary>A handler that sends the token with each request.</summary>
    public DelegatingHandler Over(HttpMessageHandler inner) => new Handler(this) { InnerHandler = inner };

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <exception cref="CommandException">There is none to be had.</exception>
    private async ValueTask<string> GetAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_token is not { } known || known.ExpiresOn - Margin <= time.GetUtcNow())
            {
                _token = await credential.GetTokenAsync(new TokenRequestContext([scope]), cancellationToken);
            }

            return _token.Value.Token;
        }
        catch (AuthenticationFailedException failure)
        {
            throw new CommandException(
                $"There is no token for {scope}. Sign in with `az login`, or see docs/api.md for other ways. {failure.Message.Split('\n')[0].TrimEnd()}", failure);
        }
        finally
        {
            _turn.Release();
        }
    }

    private sealed class Handler(EntraToken token) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await token.GetAsync(cancellationToken));
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
