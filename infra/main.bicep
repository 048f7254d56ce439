targetScope = 'subscription'

metadata description = 'ModelJobs on Azure: everything that the app needs, in one resource group, without a key anywhere. docs/deploying.md explains it.'

@minLength(1)
@maxLength(40)
@description('Name of the environment: it names the resource group, and with subscription and location it makes the names of all resources.')
param environmentName string

@minLength(1)
@description('Region of all resources. It must offer the Flex Consumption plan.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Where the durable history is: in the storage account, or in a Durable Task Scheduler. host.json has to say the same.')
@allowed(['storage', 'scheduler'])
param durableBackend string = 'storage'

@description('How a Durable Task Scheduler is paid for: by action, or by capacity unit.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'

@description('Capacity units of a Dedicated scheduler.')
@minValue(1)
@maxValue(3)
param schedulerCapacity int = 1

@description('Addresses that may connect to the scheduler, besides being allowed to by role.')
param schedulerIpAllowlist string[] = ['0.0.0.0/0']

@description('Tier of Service Bus. Premium has reserved capacity, zones and private endpoints.')
@allowed(['Standard', 'Premium'])
param serviceBusSku string = 'Standard'

@description('Messaging units of a Premium namespace.')
@allowed([1, 2, 4, 8, 16])
param serviceBusCapacity int = 1

@description('Whether the platform may read the length of queues to scale by. That takes the right to manage the namespace\'s queues; without it the app may only send and receive, and scales more slowly.')
param scaleByQueueLength bool = true

@description('A virtual network with private endpoints for storage, Azure OpenAI and, on Premium, Service Bus; their public access is off then.')
param privateNetwork bool = false

@description('Addresses of the virtual network: a /23 or larger.')
param networkAddressPrefix string = '10.80.0.0/16'

@description('Spreads the app, its storage and, on Premium, Service Bus over zones, where the region has them.')
param zoneRedundant bool = false

@description('Memory of one instance, in MB. A model of the runner onnx has to fit.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances of each group of functions that scales by itself.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Instances of the orchestrations that are always there, and always paid for. With Azure Storage 1 saves up to its polling interval after idle times.')
@minValue(0)
@maxValue(20)
param alwaysReadyDurable int = 0

@description('Largest request body that the host takes, in bytes.')
@minValue(1048576)
@maxValue(2147483647)
param requestBodyLimit int = 1073741824

@description('How callers of the API are let in: by function key, or by a token of Microsoft Entra ID. The app has to be built for it: docs/deploying.md.')
@allowed(['keys', 'entra'])
param apiAccess string = 'keys'

@description('Client id of the app registration that tokens are for, with apiAccess=entra.')
param entraClientId string = ''

@description('Audiences of tokens that are taken; the client id and api://CLIENT-ID if none are given.')
param entraAudiences string[] = []

@description('Models by name, with their settings: docs/configuration.md. A name has letters, digits, underscores and periods.')
param models object = { simulate: { Runner: 'simulate' } }

@description('Settings of the section Jobs that differ from jobs.json.')
param jobSettings object = {}

@description('Settings of the section Prices: what estimates of jobs reckon with. The defaults are examples.')
param priceSettings object = {}

@description('Key Vault URI of the secret that webhooks are signed with, https://VAULT.vault.azure.net/secrets/NAME; empty for no webhooks. The app\'s identity needs the role Key Vault Secrets User on it.')
param webhookSigningKeyUri string = ''

@description('The only hosts that webhooks may have, as hooks.example.org, *.example.com; empty for any public one.')
param webhookAllowedHosts string = ''

@description('Days after which the blobs of a job are deleted, whatever became of it; 0 keeps them.')
@minValue(0)
@maxValue(3650)
param deleteJobsAfterDays int = 0

@description('Makes an Azure OpenAI account with a deployment, and a model named chat that uses it.')
param openAi bool = false

@description('Model of the deployment, its version, and how it is served.')
param openAiModel string = 'gpt-4.1-mini'
param openAiModelVersion string = '2025-04-14'
param openAiDeploymentSku string = 'GlobalStandard'

@description('Thousands of tokens a minute.')
@minValue(1)
param openAiCapacity int = 50

@description('Principal ids of external workers: they may take chunks, answer, and read and write the jobs\' blobs.')
param workerPrincipalIds string[] = []

@description('Where alerts are mailed; empty to have them in the portal only.')
param alertEmail string = ''

@description('Days that telemetry is kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Most gigabytes of telemetry a day; -1 for no limit.')
@minValue(-1)
param logDailyCapGb int = 5

var abbreviations = loadJsonContent('abbreviations.json')
var serviceBusConfig = loadJsonContent('servicebus.json').UserConfig.Namespaces[0]
var host = loadJsonContent('../host.json')
var token = uniqueString(subscription().id, environmentName, location)
var tags = { 'azd-env-name': environmentName }

// The platform's scale controller reads host.json of the package and does not see app settings that override it
// (azure-functions-durable-extension#2622): an app whose two halves differ would run, and not scale.
var hostBackend = toLower(host.extensions.durableTask.storageProvider.type) == 'azuremanaged' ? 'scheduler' : 'storage'
var checkedBackend = durableBackend == hostBackend
  ? durableBackend
  : fail('durableBackend is \'${durableBackend}\', but extensions.durableTask.storageProvider in host.json is for \'${hostBackend}\'. Change one of them: docs/deploying.md, "The durable back end".')
var usesScheduler = checkedBackend == 'scheduler'
var taskHubName = host.extensions.durableTask.hubName

var usesEntra = apiAccess == 'entra'
var checkedClientId = usesEntra && empty(entraClientId)
  ? fail('apiAccess is \'entra\', but entraClientId is empty: make an app registration, docs/deploying.md, "Who may call".')
  : entraClientId

// The app refuses to start if it was built for the other.
var jobs = union(loadJsonContent('jobs.json'), jobSettings, { ApiAccess: usesEntra ? 'Entra' : 'Keys' })
var parkedQueue = 'parked'
var privateServiceBus = privateNetwork && serviceBusSku == 'Premium'

var storageServices = usesScheduler ? ['blob', 'table'] : ['blob', 'queue', 'table']
var storageZones = map(storageServices, service => 'privatelink.${service}.${environment().suffixes.storage}')
var serviceBusZone = 'privatelink.servicebus.windows.net'
var openAiZone = 'privatelink.openai.azure.com'
var zones = concat(storageZones, privateServiceBus ? [serviceBusZone] : [], openAi ? [openAiZone] : [])

var names = {
  app: '${abbreviations.webSitesFunctions}${token}'
  component: '${abbreviations.insightsComponents}${token}'
  identity: '${abbreviations.managedIdentityUserAssignedIdentities}${token}'
  openAi: '${abbreviations.cognitiveServicesAccounts}${token}'
  scheduler: '${abbreviations.durableTaskSchedulers}${token}'
  serviceBus: '${abbreviations.serviceBusNamespaces}${token}'
  storage: '${abbreviations.storageStorageAccounts}${token}'
}

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: '${abbreviations.resourcesResourceGroups}${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: names.identity
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: '${abbreviations.operationalInsightsWorkspaces}${token}'
    componentName: names.component
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: names.storage
    location: location
    tags: tags
    jobContainer: jobs.Container
    deploymentContainer: 'package-${token}'
    zoneRedundant: zoneRedundant
    privateOnly: privateNetwork
    deleteJobsAfterDays: deleteJobsAfterDays
    workspaceId: monitoring.outputs.workspaceId
  }
}

module serviceBus 'modules/servicebus.bicep' = {
  scope: group
  params: {
    name: names.serviceBus
    location: location
    tags: tags
    sku: serviceBusSku
    capacity: serviceBusCapacity
    zoneRedundant: zoneRedundant
    privateOnly: privateServiceBus
    queues: serviceBusConfig.Queues
    topics: serviceBusConfig.Topics
    workspaceId: monitoring.outputs.workspaceId
  }
}

module scheduler 'modules/scheduler.bicep' = if (usesScheduler) {
  scope: group
  params: {
    name: names.scheduler
    location: location
    tags: tags
    taskHubName: taskHubName
    sku: schedulerSku
    capacity: schedulerCapacity
    ipAllowlist: schedulerIpAllowlist
  }
}

module chat 'modules/openai.bicep' = if (openAi) {
  scope: group
  params: {
    name: names.openAi
    location: location
    tags: tags
    deploymentName: 'chat'
    modelName: openAiModel
    modelVersion: openAiModelVersion
    deploymentSku: openAiDeploymentSku
    capacity: openAiCapacity
    privateOnly: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  params: {
    name: '${abbreviations.networkVirtualNetworks}${token}'
    location: location
    tags: tags
    zones: zones
    addressPrefix: networkAddressPrefix
  }
}

module storageEndpoint 'modules/private-endpoint.bicep' = [
  for (service, i) in storageServices: if (privateNetwork) {
    scope: group
    params: {
      name: '${abbreviations.networkPrivateEndpoints}${service}-${token}'
      location: location
      tags: tags
      subnetId: network!.outputs.endpointSubnetId
      targetId: storage.outputs.id
      groupId: service
      zone: storageZones[i]
    }
  }
]

module serviceBusEndpoint 'modules/private-endpoint.bicep' = if (privateServiceBus) {
  scope: group
  params: {
    name: '${abbreviations.networkPrivateEndpoints}servicebus-${token}'
    location: location
    tags: tags
    subnetId: network!.outputs.endpointSubnetId
    targetId: serviceBus.outputs.id
    groupId: 'namespace'
    zone: serviceBusZone
  }
}

module openAiEndpoint 'modules/private-endpoint.bicep' = if (privateNetwork && openAi) {
  scope: group
  params: {
    name: '${abbreviations.networkPrivateEndpoints}openai-${token}'
    location: location
    tags: tags
    subnetId: network!.outputs.endpointSubnetId
    targetId: chat!.outputs.id
    groupId: 'account'
    zone: openAiZone
  }
}

module roles 'modules/roles.bicep' = {
  scope: group
  params: {
    identityName: names.identity
    workerPrincipalIds: workerPrincipalIds
    storageName: names.storage
    jobContainer: jobs.Container
    serviceBusNamespaceName: names.serviceBus
    componentName: names.component
    schedulerName: usesScheduler ? names.scheduler : ''
    openAiName: openAi ? names.openAi : ''
    scaleByQueueLength: scaleByQueueLength
  }
  // Named before they are there, so that a preview can tell what is assigned.
  dependsOn: [identity, storage, serviceBus, monitoring, scheduler, chat]
}

// The deployment's model comes after those of the parameter: its name is taken.
var deployedModels = union(
  models,
  openAi
    ? {
        chat: {
          Runner: 'chat'
          Endpoint: chat!.outputs.endpoint
          Deployment: chat!.outputs.deploymentName
          TokensPerMinute: openAiCapacity * 1000
        }
      }
    : {}
)

module functions 'modules/functions.bicep' = {
  scope: group
  params: {
    name: names.app
    planName: '${abbreviations.webServerFarms}${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    deploymentContainerUrl: '${storage.outputs.blobEndpoint}${storage.outputs.deploymentContainer}'
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyDurable: alwaysReadyDurable
    zoneRedundant: zoneRedundant
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    workspaceId: monitoring.outputs.workspaceId
    entraClientId: usesEntra ? checkedClientId : ''
    entraAudiences: empty(entraAudiences) ? [checkedClientId, 'api://${checkedClientId}'] : entraAudiences
    appSettings: union(
      {
        // Read by the app; docs/configuration.md has them all.
        AZURE_CLIENT_ID: identity.outputs.clientId
        ServiceBus__fullyQualifiedNamespace: serviceBus.outputs.hostName
        JobStorage__blobServiceUri: storage.outputs.blobEndpoint
        Webhooks__Secret: empty(webhookSigningKeyUri) ? '' : '@Microsoft.KeyVault(SecretUri=${webhookSigningKeyUri})'
        Webhooks__AllowedHosts: webhookAllowedHosts
        // Read by the host: its own storage, its Service Bus triggers, its telemetry.
        AzureWebJobsStorage__accountName: storage.outputs.name
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__clientId: identity.outputs.clientId
        ServiceBus__credential: 'managedidentity'
        ServiceBus__clientId: identity.outputs.clientId
        APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.outputs.clientId};Authorization=AAD'
        FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: requestBodyLimit
      },
      usesScheduler
        ? {
            '${host.extensions.durableTask.storageProvider.connectionStringName}': 'Endpoint=${scheduler!.outputs.endpoint};Authentication=ManagedIdentity;ClientID=${identity.outputs.clientId}'
          }
        : {},
      toObject(items(jobs), setting => 'Jobs__${setting.key}', setting => setting.value),
      toObject(items(priceSettings), setting => 'Prices__${setting.key}', setting => setting.value),
      reduce(
        items(deployedModels),
        {},
        (all, model) =>
          union(
            all,
            toObject(items(model.value), setting => 'Models__${model.key}__${setting.key}', setting => setting.value)
          )
      )
    )
  }
  // Without its roles the app could not start.
  dependsOn: [roles, storageEndpoint, serviceBusEndpoint]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    prefix: '${abbreviations.insightsMetricAlerts}${environmentName}-'
    location: location
    tags: tags
    actionGroupName: '${abbreviations.insightsActionGroups}${token}'
    email: alertEmail
    workspaceId: monitoring.outputs.workspaceId
    serviceBusId: serviceBus.outputs.id
    appId: functions.outputs.id
    workQueues: filter(map(serviceBusConfig.Queues, queue => queue.Name), name => name != parkedQueue)
    parkedQueue: parkedQueue
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    displayName: 'ModelJobs ${environmentName}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    componentId: monitoring.outputs.componentId
    serviceBusId: serviceBus.outputs.id
    appId: functions.outputs.id
    storageId: storage.outputs.id
    openAiId: openAi ? chat!.outputs.id : ''
  }
}

module queries 'modules/queries.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.operationalInsightsQueryPacks}${token}'
    location: location
    tags: tags
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = functions.outputs.name
output FUNCTION_APP_URL string = 'https://${functions.outputs.hostName}'
output API_SCOPE string = usesEntra ? 'api://${checkedClientId}/.default' : ''
output SERVICE_BUS_HOST string = serviceBus.outputs.hostName
output JOB_STORAGE_URL string = storage.outputs.blobEndpoint
