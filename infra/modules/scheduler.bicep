metadata description = 'Durable Task Scheduler with the app\'s task hub: the durable back end that is a service. It has no keys at all.'

param name string
param location string
param tags object

@description('Name of the task hub: hubName of host.json.')
param taskHubName string

@allowed(['Consumption', 'Dedicated'])
param sku string

@description('Capacity units of a Dedicated scheduler.')
param capacity int

@description('Addresses that may connect, besides being allowed to by role. An empty list would let nobody in.')
@minLength(1)
param ipAllowlist string[]

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: sku == 'Dedicated' ? { name: sku, capacity: capacity } : { name: sku }
    ipAllowlist: ipAllowlist
  }
}

resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2025-11-01' = {
  parent: scheduler
  name: taskHubName
}

output name string = scheduler.name
output endpoint string = scheduler.properties.endpoint
