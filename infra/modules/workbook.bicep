metadata description = 'The workbook: Monitor, Workbooks, or the resource group.'

param displayName string
param location string
param tags object
param workspaceId string
param componentId string
param serviceBusId string
param appId string
param storageId string

@description('Empty where there is no Azure OpenAI account.')
param openAiId string

// The file names resources by marks, so that it is whole JSON, and so that a workbook changed in the portal can be put back into it.
var resources = {
  __WORKSPACE__: workspaceId
  __SERVICE_BUS__: serviceBusId
  __APP__: appId
  __STORAGE__: storageId
  __OPENAI__: empty(openAiId) ? workspaceId : openAiId
  __OPENAI_DEPLOYED__: empty(openAiId) ? 'no' : 'yes'
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, displayName)
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: componentId
    serializedData: reduce(
      items(resources),
      loadTextContent('../workbook.json'),
      (text, mark) => replace(text, mark.key, mark.value)
    )
  }
}
