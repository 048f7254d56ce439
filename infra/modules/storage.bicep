metadata description = 'The storage account: the host\'s own storage, the deployed package, the jobs\' blobs and, with that back end, the task hub. No shared keys, TLS 1.2.'

param name string
param location string
param tags object

@description('Blob container of the jobs (the setting Jobs:Container).')
param jobContainer string

@description('Blob container of the deployed package.')
param deploymentContainer string

@description('Copies in three zones of the region instead of in one.')
param zoneRedundant bool

@description('Whether only private endpoints reach the account.')
param privateOnly bool

@description('Days after which a job\'s blobs are deleted, whatever became of the job; 0 keeps them.')
param deleteJobsAfterDays int

@description('The workspace that receives metrics and logs.')
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  kind: 'StorageV2'
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Network rules only where there is another way in; access is by role in both cases.
      defaultAction: privateOnly ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    // Outputs grow by committing their block list again and again: soft delete would keep a copy of each state.
    deleteRetentionPolicy: { enabled: false }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource jobs 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: jobContainer
  properties: { publicAccess: 'None' }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: deploymentContainer
  properties: { publicAccess: 'None' }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = if (deleteJobsAfterDays > 0) {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'delete-old-jobs'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['${jobContainer}/job-']
            }
            actions: {
              baseBlob: { delete: { daysAfterModificationGreaterThan: deleteJobsAfterDays } }
            }
          }
        }
      ]
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output id string = account.id
output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output jobContainer string = jobs.name
output deploymentContainer string = packages.name
