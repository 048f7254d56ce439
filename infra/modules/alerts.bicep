metadata description = 'What wakes somebody up. What each alert means and what to do: docs/deploying.md, "Alerts".'

param prefix string
param location string
param tags object
param actionGroupName string

@description('Where alerts are sent; empty to have them in the portal only.')
param email string

param workspaceId string
param serviceBusId string
param appId string

@description('Queues that something takes messages from all the time.')
param workQueues string[]

@description('The queue of what waits for a person.')
param parkedQueue string

var serviceBusMetrics = 'Microsoft.ServiceBus/namespaces'
var siteMetrics = 'Microsoft.Web/sites'

resource actions 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'modeljobs'
    emailReceivers: empty(email) ? [] : [{ name: 'operators', emailAddress: email, useCommonAlertSchema: true }]
  }
}

var metricRules = [
  {
    name: 'dead-letters'
    description: 'Dead letters stay in a queue: they were not recovered.'
    severity: 2
    window: 'PT15M'
    target: serviceBusId
    namespace: serviceBusMetrics
    metric: 'DeadletteredMessages'
    aggregation: 'Average'
    operator: 'GreaterThan'
    threshold: 0
    dimensions: [{ name: 'EntityName', operator: 'Include', values: ['*'] }]
  }
  {
    name: 'parked-messages'
    description: 'Messages are parked: they wait for a person to redrive or discard them.'
    severity: 3
    window: 'PT15M'
    target: serviceBusId
    namespace: serviceBusMetrics
    metric: 'ActiveMessages'
    aggregation: 'Average'
    operator: 'GreaterThan'
    threshold: 0
    dimensions: [{ name: 'EntityName', operator: 'Include', values: [parkedQueue] }]
  }
  {
    name: 'throttled'
    description: 'Service Bus throttles the namespace. Message counts read 0 meanwhile, and the other alerts are blind.'
    severity: 1
    window: 'PT5M'
    target: serviceBusId
    namespace: serviceBusMetrics
    metric: 'ThrottledRequests'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
    dimensions: [{ name: 'EntityName', operator: 'Include', values: ['*'] }]
  }
  {
    name: 'server-errors'
    description: 'Service Bus fails requests by errors of its own.'
    severity: 2
    window: 'PT5M'
    target: serviceBusId
    namespace: serviceBusMetrics
    metric: 'ServerErrors'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 5
    dimensions: [{ name: 'EntityName', operator: 'Include', values: ['*'] }]
  }
  {
    name: 'http-errors'
    description: 'The app answers callers with 5xx.'
    severity: 2
    window: 'PT5M'
    target: appId
    namespace: siteMetrics
    metric: 'Http5xx'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 5
    dimensions: []
  }
]

resource metricAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in metricRules: {
    name: '${prefix}${rule.name}'
    location: 'global'
    tags: tags
    properties: {
      description: rule.description
      severity: rule.severity
      enabled: true
      autoMitigate: true
      scopes: [rule.target]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: rule.name
            metricNamespace: rule.namespace
            metricName: rule.metric
            timeAggregation: rule.aggregation
            operator: rule.operator
            threshold: rule.threshold
            dimensions: rule.dimensions
          }
        ]
      }
      actions: [{ actionGroupId: actions.id }]
    }
  }
]

// One rule a queue: a rule with two conditions may name one value of a dimension only.
resource backlogAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for queue in workQueues: {
    name: '${prefix}backlog-${queue}'
    location: 'global'
    tags: tags
    properties: {
      description: 'Messages wait in ${queue}, and none was completed for an hour.'
      severity: 1
      enabled: true
      autoMitigate: true
      scopes: [serviceBusId]
      evaluationFrequency: 'PT15M'
      // Twice the functionTimeout of host.json: a chunk may take that long.
      windowSize: 'PT1H'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'waiting'
            metricNamespace: serviceBusMetrics
            metricName: 'ActiveMessages'
            timeAggregation: 'Minimum'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: [{ name: 'EntityName', operator: 'Include', values: [queue] }]
          }
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'no-output'
            metricNamespace: serviceBusMetrics
            metricName: 'CompleteMessage'
            timeAggregation: 'Total'
            operator: 'LessThan'
            threshold: 1
            dimensions: [{ name: 'EntityName', operator: 'Include', values: [queue] }]
          }
        ]
      }
      actions: [{ actionGroupId: actions.id }]
    }
  }
]

var logRules = [
  {
    name: 'failure-share'
    description: 'More than 10 % of a model\'s items failed within 15 minutes.'
    severity: 2
    query: loadTextContent('../alerts/failure-share.kql')
    column: 'FailedPercent'
    threshold: 10
  }
  {
    name: 'items-parked'
    description: 'Items failed for good and wait for a person.'
    severity: 3
    query: loadTextContent('../alerts/items-parked.kql')
    column: 'Parked'
    threshold: 0
  }
  {
    name: 'past-deadline'
    description: 'A job ended because its deadline had passed.'
    severity: 2
    query: loadTextContent('../alerts/past-deadline.kql')
    column: 'Jobs'
    threshold: 0
  }
  {
    name: 'jobs-failed'
    description: 'A job could not be run to its end.'
    severity: 2
    query: loadTextContent('../alerts/jobs-failed.kql')
    column: 'Jobs'
    threshold: 0
  }
]

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in logRules: {
    name: '${prefix}${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${prefix}${rule.name}'
      description: rule.description
      severity: rule.severity
      enabled: true
      autoMitigate: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      // The tables of a new workspace come into being with the first telemetry; the queries are checked by the tests.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Maximum'
            metricMeasureColumn: rule.column
            operator: 'GreaterThan'
            threshold: rule.threshold
            dimensions: [{ name: 'Model', operator: 'Include', values: ['*'] }]
            failingPeriods: { minFailingPeriodsToAlert: 1, numberOfEvaluationPeriods: 1 }
          }
        ]
      }
      actions: { actionGroups: [actions.id] }
    }
  }
]
