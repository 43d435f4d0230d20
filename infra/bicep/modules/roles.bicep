// Every role assignment there is: who may do what with the data of which resource. No keys, no owners.
// Deployed for our resource group, and once more for that of a FHIR service that exists already.
// What has no name here is not assigned: an empty name or object id leaves its roles out.

@description('Object id of the identity of the app.')
param appPrincipalId string = ''

@description('Object id of the identity of the topic of FHIR events.')
param fhirEventsPrincipalId string = ''

@description('Object id of the identity of the topic of Communication Services.')
param acsEventsPrincipalId string = ''

@description('Object id of who deploys: writes secrets into the vault.')
param deployerId string = ''

@description('Whether that is a person or a pipeline.')
@allowed(['User', 'ServicePrincipal'])
param deployerType string = 'User'

@description('Object id of those who run the command line: a group, or a person.')
param operatorsId string = ''

@description('Whether that is a group, a person or a pipeline.')
@allowed(['Group', 'User', 'ServicePrincipal'])
param operatorsType string = 'Group'

@description('Name of the storage account.')
param storageName string = ''

@description('What carries messages.')
@allowed(['storage', 'servicebus'])
param transport string = 'servicebus'

@description('Name of the Service Bus namespace.')
param busName string = ''

@description('Whether the app may ask how long queues of Service Bus are, by which Azure scales it faster.')
param scaleByLength bool = false

@description('Name of the Key Vault.')
param vaultName string = ''

@description('Name of the Application Insights component.')
param insightsName string = ''

@description('Name of Communication Services.')
param communicationName string = ''

@description('Name of the workspace of the FHIR service.')
param fhirWorkspaceName string = ''

@description('Name of the FHIR service.')
param fhirServiceName string = ''

@description('Whether the app may write to the FHIR service, or only read.')
param fhirWrites bool = true

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roleIds = {
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  blobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  busDataOwner: '090c5cfd-751d-490a-894a-3ce6f1109419'
  busDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  busDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  communicationOwner: '09976791-48a7-449e-bb21-39d1a415f350'
  fhirDataReader: '4c8d0bbc-75d3-4935-991f-5f3c56d81508'
  fhirDataWriter: '3f88fce4-5892-4214-ae73-ba5294559913'
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  queueMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  secretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

var app = !empty(appPrincipalId)
var fhirEvents = !empty(fhirEventsPrincipalId)
var acsEvents = !empty(acsEventsPrincipalId)
var operators = !empty(operatorsId)
var onBus = transport == 'servicebus' && !empty(busName)
var onQueues = transport == 'storage' && !empty(storageName)
var withStorage = !empty(storageName)
var withFhir = !empty(fhirServiceName)
var fhirRole = fhirWrites ? roleIds.fhirDataWriter : roleIds.fhirDataReader

// An existing resource must have a name even where nothing is assigned on it.
resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: withStorage ? storageName : 'none'
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  parent: blobs
  name: 'dead-letters'
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource notificationsQueue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = {
  parent: queueService
  name: 'notifications'
}

resource acsEventsQueue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = {
  parent: queueService
  name: 'acs-events'
}

resource bus 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: onBus ? busName : 'nobody'
}

resource notificationsOnBus 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' existing = {
  parent: bus
  name: 'notifications'
}

resource acsEventsOnBus 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' existing = {
  parent: bus
  name: 'acs-events'
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: empty(vaultName) ? 'none' : vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: empty(insightsName) ? 'none' : insightsName
}

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' existing = {
  name: empty(communicationName) ? 'none' : communicationName
}

resource fhirWorkspace 'Microsoft.HealthcareApis/workspaces@2024-03-31' existing = {
  name: withFhir ? fhirWorkspaceName : 'none'
}

resource fhirService 'Microsoft.HealthcareApis/workspaces/fhirservices@2024-03-31' existing = {
  parent: fhirWorkspace
  name: withFhir ? fhirServiceName : 'none'
}

// Locks of timers, keys of functions and the package of the app: the host asks for "Storage Blob Data Owner",
// https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
resource appOwnsBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && withStorage) {
  name: guid(storage.id, appPrincipalId, roleIds.blobDataOwner)
  scope: storage
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.blobDataOwner)
  }
}

resource appWritesTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && withStorage) {
  name: guid(storage.id, appPrincipalId, roleIds.tableDataContributor)
  scope: storage
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.tableDataContributor)
  }
}

resource appUsesQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && onQueues) {
  name: guid(storage.id, appPrincipalId, roleIds.queueDataContributor)
  scope: storage
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.queueDataContributor)
  }
}

resource appSends 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && onBus) {
  name: guid(bus.id, appPrincipalId, roleIds.busDataSender)
  scope: bus
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.busDataSender)
  }
}

resource appReceives 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && onBus) {
  name: guid(bus.id, appPrincipalId, roleIds.busDataReceiver)
  scope: bus
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.busDataReceiver)
  }
}

// Only this role may ask for lengths of queues; without it Azure adds one instance after the other,
// https://learn.microsoft.com/azure/azure-functions/functions-target-based-scaling#service-bus-queues-and-topics
resource appKnowsLengths 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && onBus && scaleByLength) {
  name: guid(bus.id, appPrincipalId, roleIds.busDataOwner)
  scope: bus
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.busDataOwner)
  }
}

resource appReadsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && !empty(vaultName)) {
  name: guid(vault.id, appPrincipalId, roleIds.secretsUser)
  scope: vault
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.secretsUser)
  }
}

resource appTells 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && !empty(insightsName)) {
  name: guid(insights.id, appPrincipalId, roleIds.metricsPublisher)
  scope: insights
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.metricsPublisher)
  }
}

// There is no role that may only send: this is the one that Communication Services have. Keys, which it may
// list, are of no use there: local authentication is off.
resource appReachesPeople 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && !empty(communicationName)) {
  name: guid(communication.id, appPrincipalId, roleIds.communicationOwner)
  scope: communication
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.communicationOwner)
  }
}

resource appUsesFhir 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (app && withFhir) {
  name: guid(fhirService.id, appPrincipalId, fhirRole)
  scope: fhirService
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', fhirRole)
  }
}

// Event Grid: each topic onto its queue, and into the container of dead letters.
resource fhirEventsByQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (fhirEvents && onQueues) {
  name: guid(notificationsQueue.id, fhirEventsPrincipalId, roleIds.queueMessageSender)
  scope: notificationsQueue
  properties: {
    principalId: fhirEventsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.queueMessageSender)
  }
}

resource acsEventsByQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (acsEvents && onQueues) {
  name: guid(acsEventsQueue.id, acsEventsPrincipalId, roleIds.queueMessageSender)
  scope: acsEventsQueue
  properties: {
    principalId: acsEventsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.queueMessageSender)
  }
}

resource fhirEventsByBus 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (fhirEvents && onBus) {
  name: guid(notificationsOnBus.id, fhirEventsPrincipalId, roleIds.busDataSender)
  scope: notificationsOnBus
  properties: {
    principalId: fhirEventsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.busDataSender)
  }
}

resource acsEventsByBus 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (acsEvents && onBus) {
  name: guid(acsEventsOnBus.id, acsEventsPrincipalId, roleIds.busDataSender)
  scope: acsEventsOnBus
  properties: {
    principalId: acsEventsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.busDataSender)
  }
}

resource fhirEventsLeaveDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (fhirEvents && withStorage) {
  name: guid(deadLetters.id, fhirEventsPrincipalId, roleIds.blobDataContributor)
  scope: deadLetters
  properties: {
    principalId: fhirEventsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.blobDataContributor)
  }
}

resource acsEventsLeaveDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (acsEvents && withStorage) {
  name: guid(deadLetters.id, acsEventsPrincipalId, roleIds.blobDataContributor)
  scope: deadLetters
  properties: {
    principalId: acsEventsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.blobDataContributor)
  }
}

// Who deploys: the hook writes secrets. Packages are uploaded through the app, which stores them as itself.
resource deployerWritesSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerId) && !empty(vaultName)) {
  name: guid(vault.id, deployerId, roleIds.secretsOfficer)
  scope: vault
  properties: {
    principalId: deployerId
    principalType: deployerType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.secretsOfficer)
  }
}

// Who runs the command line: publishing, taking in, replaying, auditing.
resource operatorsWriteTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (operators && withStorage) {
  name: guid(storage.id, operatorsId, roleIds.tableDataContributor)
  scope: storage
  properties: {
    principalId: operatorsId
    principalType: operatorsType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.tableDataContributor)
  }
}

resource operatorsUseQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (operators && onQueues) {
  name: guid(storage.id, operatorsId, roleIds.queueDataContributor)
  scope: storage
  properties: {
    principalId: operatorsId
    principalType: operatorsType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.queueDataContributor)
  }
}

resource operatorsSend 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (operators && onBus) {
  name: guid(bus.id, operatorsId, roleIds.busDataSender)
  scope: bus
  properties: {
    principalId: operatorsId
    principalType: operatorsType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.busDataSender)
  }
}

resource operatorsReceive 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (operators && onBus) {
  name: guid(bus.id, operatorsId, roleIds.busDataReceiver)
  scope: bus
  properties: {
    principalId: operatorsId
    principalType: operatorsType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.busDataReceiver)
  }
}

resource operatorsReadDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (operators && withStorage) {
  name: guid(deadLetters.id, operatorsId, roleIds.blobDataReader)
  scope: deadLetters
  properties: {
    principalId: operatorsId
    principalType: operatorsType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.blobDataReader)
  }
}

resource operatorsReadFhir 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (operators && withFhir) {
  name: guid(fhirService.id, operatorsId, roleIds.fhirDataReader)
  scope: fhirService
  properties: {
    principalId: operatorsId
    principalType: operatorsType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.fhirDataReader)
  }
}
