// The workbook with the flow's numbers, on top of Log Analytics.

@description('Region of the workbook.')
param location string

@description('Tags of the workbook.')
param tags object

@description('Resource id of the Log Analytics workspace that it asks.')
param workspaceId string

@description('Name of the environment, which the title shows.')
param environmentName string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'hearthline-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Hearthline: ${environmentName}'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: loadTextContent('../workbook.json')
    version: '1.0'
  }
}
