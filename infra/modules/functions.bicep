metadata description = 'The function app on the Flex Consumption plan: .NET 10, isolated worker, its package in a blob container.'

param name string
param planName string
param location string
param tags object

@description('The user-assigned identity of the app.')
param identityId string

@description('Blob container of the deployed package, as a URL.')
param deploymentContainerUrl string

@description('All app settings by name.')
param appSettings object

@description('Memory of one instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Most instances of each group of functions that scales by itself.')
param maximumInstanceCount int

@description('Instances of the durable functions that are always there; 0 for none. With Azure Storage as back end one saves its polling delay after idle times.')
param alwaysReadyDurable int

@description('Instances spread over zones.')
param zoneRedundant bool

@description('Subnet to call out of; empty for none.')
param subnetId string

@description('The workspace that receives metrics.')
param workspaceId string

@description('App registration that callers need a token for; empty for callers with function keys.')
param entraClientId string

@description('Audiences of those tokens.')
param entraAudiences string[]

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  // azd finds what to deploy to by its tag.
  tags: union(tags, { 'azd-service-name': 'functions' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      appSettings: map(items(appSettings), setting => { name: setting.key, value: string(setting.value) })
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyDurable > 0 ? [{ name: 'durable', instanceCount: alwaysReadyDurable }] : []
      }
      runtime: { name: 'dotnet-isolated', version: '10.0' }
    }
  }
}

// Who calls. Without a client id nothing is written: authentication that somebody has switched on by hand stays on. No path is left out: the
// host's own APIs (runtime/webhooks, admin) then take a token besides their key.
resource authentication 'Microsoft.Web/sites/config@2024-11-01' = if (!empty(entraClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    globalValidation: { requireAuthentication: true, unauthenticatedClientAction: 'Return401' }
    httpSettings: { requireHttps: true }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: entraClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: { allowedAudiences: entraAudiences }
      }
    }
    login: { tokenStore: { enabled: false } }
  }
}

// Deploying takes an Entra token: no user name and password, neither by FTP nor by the deployment site.
resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noDeploymentPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: app
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = app.id
output name string = app.name
output hostName string = app.properties.defaultHostName
