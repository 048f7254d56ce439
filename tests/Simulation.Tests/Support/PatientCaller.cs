using System.Net;
using System.Text;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;

namespace ModelJobs.Simulation.Tests.Support;

/// <summary>Calls the app as a good client does: what was not answered, or with a fault of the server's, is asked again.</summary>
internal sealed class PatientCaller(LocalApp app, SimulatedTime time)
{
    private const int MaxTries = 20;
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    /// <summary>Submits until the job is accepted: the key makes it one job.</summary>
    public async Task<Job> SubmitAsync(JobScript script)
    {
        var (status, body) = await RepeatAsync(() => app.Jobs.PostAsync(script.Query, script.Lines, script.Name));
        Assert.True(status == HttpStatusCode.Accepted, $"{status}: {body}");
        return JsonSerializer.Deserialize(body, ContractsJson.Wire.Job)!;
    }

    /// <summary>Pauses, resumes, cancels, redrives or discards.</summary>
    /// <param name="id">The job.</param>
    /// <param name="action">The last segment of the path.</param>
    /// <param name="body">The body, as JSON; none if null.</param>
    /// <returns>Whether it was accepted; if not, the job had ended or is about to.</returns>
    public async Task<bool> ControlAsync(string id, string action, string? body = null)
    {
        var (status, answer) = await RepeatAsync(async () =>
        {
            using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
            return await app.Http.PostAsync(new Uri($"api/jobs/{id}/{action}", UriKind.Relative), content);
        });
        Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Accepted or HttpStatusCode.Conflict, $"{action}: {status}: {answer}");
        return status != HttpStatusCode.Conflict;
    }

    /// <summary>A job's status.</summary>
    public async Task<Job> GetAsync(string id)
    {
        var (status, body) = await RepeatAsync(() => app.Http.GetAsync(new Uri($"api/jobs/{id}", UriKind.Relative)));
        Assert.True(status == HttpStatusCode.OK, $"{status}: {body}");
        return JsonSerializer.Deserialize(body, ContractsJson.Wire.Job)!;
    }

    private async Task<(HttpStatusCode Status, string Body)> RepeatAsync(Func<Task<HttpResponseMessage>> call)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                using var answer = await call();
                if ((int)answer.StatusCode < 500 || tries == MaxTries)
                {
                    return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
                }
            }
            catch (HttpRequestException) when (tries < MaxTries)
            {
                // The connection went with the app, or with a fault.
            }

            await Task.Delay(Again, time);
        }
    }
}
