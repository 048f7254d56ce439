metadata description = 'The Service Bus namespace with the queues and topics of servicebus.json. No access keys work on it.'

param name string
param location string
param tags object

@allowed(['Standard', 'Premium'])
param sku string

@description('Messaging units of a Premium namespace.')
param capacity int

@description('Whether the namespace is spread over zones. Premium only.')
param zoneRedundant bool

@description('Whether only private endpoints reach the namespace. Premium only: a Standard namespace has no network rules.')
param privateOnly bool

@description('Queues and topics, in the form of the official emulator\'s Config.json.')
param queues array
param topics array

@description('The workspace that receives metrics and logs.')
param workspaceId string

// The largest of a Standard namespace without partitions. A page has 16 MB of chunks; several pages of several jobs lie here at once.
var maxSizeInMegabytes = 5120

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: sku == 'Premium' ? { name: sku, tier: sku, capacity: capacity } : { name: sku, tier: sku }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    zoneRedundant: sku == 'Premium' && zoneRedundant
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for one in queues: {
    parent: namespace
    name: one.Name
    properties: union(
      {
        lockDuration: one.Properties.LockDuration
        maxDeliveryCount: one.Properties.MaxDeliveryCount
        requiresSession: one.Properties.RequiresSession
        requiresDuplicateDetection: one.Properties.RequiresDuplicateDetection
        duplicateDetectionHistoryTimeWindow: one.Properties.DuplicateDetectionHistoryTimeWindow
        defaultMessageTimeToLive: one.Properties.DefaultMessageTimeToLive
        deadLetteringOnMessageExpiration: one.Properties.DeadLetteringOnMessageExpiration
        maxSizeInMegabytes: maxSizeInMegabytes
      },
      empty(one.Properties.ForwardTo) ? {} : { forwardTo: one.Properties.ForwardTo },
      empty(one.Properties.ForwardDeadLetteredMessagesTo)
        ? {}
        : { forwardDeadLetteredMessagesTo: one.Properties.ForwardDeadLetteredMessagesTo }
    )
  }
]

module topic 'servicebus-topic.bicep' = [
  for one in topics: {
    name: 'topic-${one.Name}'
    params: {
      namespaceName: namespace.name
      name: one.Name
      properties: one.Properties
      subscriptions: one.?Subscriptions ?? []
    }
    // What a subscription forwards to must be there.
    dependsOn: [queue]
  }
]

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'OperationalLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = namespace.id
output name string = namespace.name
output hostName string = replace(replace(namespace.properties.serviceBusEndpoint, 'https://', ''), ':443/', '')
