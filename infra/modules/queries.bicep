metadata description = 'Saved queries, in the portal under Logs, Queries, Query packs.'

param name string
param location string
param tags object

resource pack 'Microsoft.OperationalInsights/queryPacks@2019-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {}
}

var queries = [
  {
    name: 'Items by outcome'
    description: 'How many items ended how, by model, over time.'
    body: loadTextContent('../queries/items-by-outcome.kql')
  }
  {
    name: 'Queue wait and run time of chunks'
    description: 'Mean and longest wait in the queue and run of a chunk, by model: is the time spent waiting or working?'
    body: loadTextContent('../queries/chunk-times.kql')
  }
  {
    name: 'Jobs by how they ended'
    description: 'Jobs that ended, by model and status.'
    body: loadTextContent('../queries/jobs-by-end.kql')
  }
  {
    name: 'Parked items by reason'
    description: 'Items that failed for good, by model and error code.'
    body: loadTextContent('../queries/parked-by-reason.kql')
  }
  {
    name: 'Tokens by model'
    description: 'Tokens read and written, by model and hour.'
    body: loadTextContent('../queries/tokens-by-model.kql')
  }
  {
    name: 'Attempts of items'
    description: 'How often items were tried. A mean well above 1 is a model that fails or throttles.'
    body: loadTextContent('../queries/attempts.kql')
  }
  {
    name: 'Everything of one job'
    description: 'All spans, log lines and exceptions of a job in their order. Put the job\'s id in the first line.'
    body: loadTextContent('../queries/one-job.kql')
  }
  {
    name: 'Jobs that went quiet'
    description: 'Jobs with spans in the last day, none in the last half hour, and no end.'
    body: loadTextContent('../queries/quiet-jobs.kql')
  }
  {
    name: 'Slowest chunks'
    description: 'The chunks that ran for longest, with their jobs.'
    body: loadTextContent('../queries/slowest-chunks.kql')
  }
  {
    name: 'Throttled calls of model endpoints'
    description: 'Calls that an endpoint refused with 429, against all calls, by endpoint.'
    body: loadTextContent('../queries/throttled-model-calls.kql')
  }
  {
    name: 'Exceptions by kind'
    description: 'What was thrown, where, how often, and when last.'
    body: loadTextContent('../queries/exceptions.kql')
  }
  {
    name: 'Errors in the log'
    description: 'Log lines of errors, the host\'s own among them.'
    body: loadTextContent('../queries/errors.kql')
  }
  {
    name: 'Billed operations'
    description: 'Service Bus messages, storage transactions, function executions and their gigabyte-seconds, by day.'
    body: loadTextContent('../queries/billed-operations.kql')
  }
  {
    name: 'Telemetry by table'
    description: 'Megabytes that each table took, by day: what telemetry costs.'
    body: loadTextContent('../queries/log-volume.kql')
  }
]

resource query 'Microsoft.OperationalInsights/queryPacks/queries@2019-09-01' = [
  for one in queries: {
    parent: pack
    name: guid(pack.id, one.name)
    properties: {
      displayName: one.name
      description: one.description
      body: one.body
      related: {
        categories: ['applications']
        resourceTypes: ['microsoft.operationalinsights/workspaces']
      }
    }
  }
]
