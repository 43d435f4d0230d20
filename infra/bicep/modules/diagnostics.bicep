// What every resource tells of itself goes to Log Analytics: its own logs, and its metrics.
// Left out is what would name patients, or cost more than it says: docs/deployment.md#logs has the list.

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Name of that workspace.')
param workspaceName string

@description('Name of the storage account.')
param storageName string

@description('Whether each request to tables and queues is logged too: much, and only of use to an inquiry.')
param everyRequest bool

@description('What carries messages.')
@allowed(['storage', 'servicebus'])
param transport string

@description('Name of the Service Bus namespace.')
param busName string

@description('Name of the Key Vault.')
param vaultName string

@description('Name of Communication Services.')
param communicationName string

@description('Name of the app.')
param appName string

@description('Name of the plan of the app.')
param planName string

@description('Name of the workspace of the FHIR service where this deployment made it; empty where not.')
param fhirWorkspaceName string

@description('Name of that FHIR service.')
param fhirServiceName string

@description('Name of the network where there is one; empty where not.')
param networkName string

var withBus = transport == 'servicebus'
var withFhir = !empty(fhirWorkspaceName)
var withNetwork = !empty(networkName)
var metrics = [
  {
    category: 'AllMetrics'
    enabled: true
  }
]
var audit = [
  {
    categoryGroup: 'audit'
    enabled: true
  }
]
var everything = [
  {
    categoryGroup: 'allLogs'
    enabled: true
  }
]
var transactions = [
  {
    category: 'Transaction'
    enabled: true
  }
]
var requests = [for category in ['StorageRead', 'StorageWrite', 'StorageDelete']: {
  category: category
  enabled: everyRequest
}]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

// Who asked what of the logs.
resource ofWorkspace 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: workspace
  properties: {
    workspaceId: workspaceId
    logs: audit
  }
}

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource ofStorage 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: storage
  properties: {
    workspaceId: workspaceId
    metrics: transactions
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

// Blobs are letters and packages: few, and who read a letter matters.
resource ofBlobs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: blobService
  properties: {
    workspaceId: workspaceId
    logs: audit
    metrics: transactions
  }
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource ofTables 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: tableService
  properties: {
    workspaceId: workspaceId
    logs: requests
    metrics: transactions
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource ofQueues 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: queueService
  properties: {
    workspaceId: workspaceId
    logs: requests
    metrics: transactions
  }
}

resource bus 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: busName
}

resource ofBus 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (withBus) {
  name: 'hearthline'
  scope: bus
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'OperationalLogs'
        enabled: true
      }
    ]
    metrics: metrics
  }
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource ofVault 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: audit
    metrics: metrics
  }
}

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' existing = {
  name: communicationName
}

// Not EmailStatusUpdateOperational and EmailUserEngagementOperational: their rows have addresses of people,
// https://learn.microsoft.com/azure/communication-services/concepts/analytics/logs/email-logs
resource ofCommunication 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: communication
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'Usage'
        enabled: true
      }
      {
        category: 'AuthOperational'
        enabled: true
      }
      {
        category: 'EmailSendMailOperational'
        enabled: true
      }
    ]
    metrics: metrics
  }
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' existing = {
  name: planName
}

resource ofPlan 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: plan
  properties: {
    workspaceId: workspaceId
    metrics: metrics
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource ofApp 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'FunctionAppLogs'
        enabled: true
      }
    ]
    metrics: metrics
  }
}

resource fhirWorkspace 'Microsoft.HealthcareApis/workspaces@2024-03-31' existing = {
  name: withFhir ? fhirWorkspaceName : 'none'
}

resource fhirService 'Microsoft.HealthcareApis/workspaces/fhirservices@2024-03-31' existing = {
  parent: fhirWorkspace
  name: withFhir ? fhirServiceName : 'none'
}

// Who read what of whom: these rows have ids of patients. The law asks for them; let few read the workspace.
resource ofFhir 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (withFhir) {
  name: 'hearthline'
  scope: fhirService
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditLogs'
        enabled: true
      }
    ]
    metrics: metrics
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' existing = {
  name: withNetwork ? networkName : 'none'
}

resource ofNetwork 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (withNetwork) {
  name: 'hearthline'
  scope: network
  properties: {
    workspaceId: workspaceId
    logs: everything
    metrics: metrics
  }
}

resource guard 'Microsoft.Network/networkSecurityGroups@2025-05-01' existing = {
  name: withNetwork ? '${networkName}-nsg' : 'none'
}

resource ofGuard 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (withNetwork) {
  name: 'hearthline'
  scope: guard
  properties: {
    workspaceId: workspaceId
    logs: everything
  }
}

resource address 'Microsoft.Network/publicIPAddresses@2025-05-01' existing = {
  name: withNetwork ? '${networkName}-out' : 'none'
}

resource ofAddress 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (withNetwork) {
  name: 'hearthline'
  scope: address
  properties: {
    workspaceId: workspaceId
    logs: everything
    metrics: metrics
  }
}
