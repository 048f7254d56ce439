using Microsoft.DurableTask;
using Microsoft.DurableTask.Abstractions;

namespace ModelJobs.LocalRuntime.Tests.DurableTask;

public sealed class OptionsTests
{
    [Theory]
    [InlineData(0, 1, 1, null, null)]
    [InlineData(1, 0, 1, null, null)]
    [InlineData(1, 1, 0.5, null, null)]
    [InlineData(1, 2, 1, 1, null)]
    [InlineData(1, 2, 1, null, 1)]
    public void RetryPolicy_ValueOutOfRange_IsRefused(int attempts, int first, double coefficient, int? max, int? timeout)
        => Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy(
            attempts, TimeSpan.FromSeconds(first), coefficient, Seconds(max), Seconds(timeout)));

    [Fact]
    public void RetryPolicy_Defaults_AreAnHourBetweenRetriesAndNoTimeout()
    {
        var policy = new RetryPolicy(3, TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.FromHours(1), policy.MaxRetryInterval);
        Assert.Equal(Timeout.InfiniteTimeSpan, policy.RetryTimeout);
    }

    [Fact]
    public void WithInstanceId_TaskOptions_KeepsRetry()
    {
        var options = TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromSeconds(1)));

        var sub = options.WithInstanceId("child");

        Assert.Equal("child", sub.InstanceId);
        Assert.Same(options.Retry, sub.Retry);
    }

    [Fact]
    public void TaskName_DiffersInCase_IsEqual()
    {
        Assert.Equal(new TaskName("Plan"), new TaskName("PLAN"));
        Assert.Equal(new TaskName("Plan").GetHashCode(), new TaskName("PLAN").GetHashCode());
        Assert.Equal("Plan", (string)(TaskName)"Plan");
    }

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "1", -1)]
    [InlineData("1", "", 1)]
    [InlineData("1.10", "1.9", 1)]
    [InlineData("beta", "BETA", 0)]
    public void CompareVersions_NumbersAndNames_AreOrdered(string a, string b, int expected)
        => Assert.Equal(expected, Math.Sign(TaskOrchestrationVersioningUtils.CompareVersions(a, b)));

    private static TimeSpan? Seconds(int? seconds) => seconds is { } value ? TimeSpan.FromSeconds(value) : null;
}
