using System.Reflection;

namespace ModelJobs.LocalRuntime.Worker.Catalog;

/// <summary>How a function is started, as its trigger attribute says.</summary>
internal interface ITrigger
{
    /// <summary>The binding's name on Azure, as <c>serviceBusTrigger</c>.</summary>
    string BindingType { get; }

    /// <summary>Binds a parameter that gets its value from the trigger: the trigger's own, or one beside it.</summary>
    /// <param name="parameter">A parameter of the function's method.</param>
    /// <param name="isTriggerParameter">Whether it carries the trigger attribute.</param>
    /// <returns>Null if this trigger has nothing for a parameter of this type and name.</returns>
    ParameterBinder? BindParameter(ParameterInfo parameter, bool isTriggerParameter);
}
