// Hearthline in one subscription: a resource group and everything in it, by one command (`azd up`).
// At subscription scope, because azd makes the group so, and because a FHIR service may be in another group.
// Parameters are explained in docs/deployment.md; what is secret is none of them.
targetScope = 'subscription'

@description('Name of the environment: "dev", "prod". Names and tags are made from it.')
@minLength(2)
@maxLength(16)
param environmentName string

@description('Region of everything that has one; Flex Consumption must be offered there.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Name of the resource group; empty for one made from the name of the environment.')
param resourceGroupName string = ''

@description('Further tags of everything, such as a cost centre.')
param extraTags object = {}

@description('Object id of who deploys, and so writes secrets into the vault.')
param deployerId string = deployer().objectId

@description('Whether that is a person or a pipeline.')
@allowed(['User', 'ServicePrincipal'])
param deployerType string = 'User'

@description('Object id of those who run the command line, a group in production; empty for who deploys.')
param operatorsId string = ''

@description('Whether that is a group, a person or a pipeline; not read when it is who deploys.')
@allowed(['Group', 'User', 'ServicePrincipal'])
param operatorsType string = 'Group'

@description('What carries messages from function to function: Service Bus, or queues of storage.')
@allowed(['storage', 'servicebus'])
param transport string = 'servicebus'

@description('Tier of Service Bus: Premium has capacity of its own; a private network always takes it.')
@allowed(['Standard', 'Premium'])
param busTier string = 'Standard'

@description('Messaging units of Premium.')
@allowed([1, 2, 4, 8, 16])
param busCapacity int = 1

@description('Largest size of a queue of Service Bus, in MB.')
@allowed([1024, 2048, 3072, 4096, 5120])
param busQueueMegabytes int = 5120

@description('Whether the app may manage Service Bus, as Azure needs to scale it by the lengths of queues.')
param scaleByLength bool = false

@description('How many messages may wait in Service Bus before people are told.')
@minValue(1)
param waitingMessages int = 100000

@description('Redundancy of storage: zone-redundant, or in two regions.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS', 'Standard_RAGZRS'])
param storageRedundancy string = 'Standard_ZRS'

@description('Days for which deleted or overwritten blobs can be brought back.')
@minValue(1)
@maxValue(365)
param undeleteDays int = 14

@description('Days after which dead letters of Event Grid are deleted.')
@minValue(1)
param deadLetterDays int = 30

@description('The FHIR server: a new service of Azure Health Data Services, an existing one, or another.')
@allowed(['new', 'existing', 'other'])
param fhir string = 'new'

@description('Name of the workspace of an existing FHIR service.')
param fhirWorkspaceName string = ''

@description('Name of the FHIR service, new or existing.')
@minLength(3)
@maxLength(24)
param fhirServiceName string = 'fhir'

@description('Resource group of an existing FHIR service; empty for ours.')
param fhirResourceGroup string = ''

@description('Region of the workspace of an existing FHIR service; empty for ours.')
param fhirLocation string = ''

@description('Name of the Event Grid topic that an existing workspace has already; empty makes one.')
param fhirTopicName string = ''

@description('Base URL of another FHIR server.')
param fhirUrl string = ''

@description('How we sign in to another FHIR server: not, or with a token in the vault.')
@allowed(['none', 'token'])
param fhirAuth string = 'token'

@description('Whether Hearthline may write to the FHIR server (messages, consents, tasks), or only read.')
param fhirWrites bool = true

@description('Where Communication Services keep data, as their page on data residency names it; for ever.')
param communicationData string = 'United States'

@description('Domain of the organisation that email comes from; empty for one that Azure manages.')
param emailDomain string = ''

@description('Whether the DNS records of that domain are verified; email is sent only then.')
param emailDomainVerified bool = false

@description('Name in front of the @ of the address that email comes from, with a domain of your own.')
param emailSender string = 'care'

@description('The number or short code that SMS come from; empty is no SMS.')
param smsFrom string = ''

@description('Id of the registration of the WhatsApp channel, a GUID; empty is no WhatsApp.')
param whatsappChannel string = ''

@description('Application id of the registration that tokens of the admin API are for; empty refuses everybody.')
param apiAudience string = ''

@description('Whether Communication Services tell of opened emails and followed links.')
param engagementTracking bool = false

@description('Memory of an instance of the app, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances that each function, and all HTTP functions together, may have.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Instances that are always there: {name, instanceCount}, name being "http" or "function:changes".')
param alwaysReady array = []

@description('HTTP requests that one instance takes at once.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 32

@description('Whether the app is spread over zones, where the region has them.')
param zoneRedundant bool = false

@description('Where links in messages lead, "https://HOST/api"; empty for the host of the app itself.')
param publicUrl string = ''

@description('Whether the app is called from the internet: links in messages and webhooks need it.')
param reachable bool = true

@description('Settings of docs/operations.md by name, in place of their defaults; no secrets.')
param settings object = {}

@description('Whether data is reached through a private network only: docs/deployment.md#a-private-network.')
param privateNetwork bool = false

@description('Address range of that network.')
param networkPrefix string = '10.80.0.0/16'

@description('Address range of the subnet of the app.')
param appPrefix string = '10.80.0.0/24'

@description('Address range of the subnet of private endpoints.')
param endpointPrefix string = '10.80.1.0/24'

@description('Public addresses or ranges of operators, which get in although the network is private.')
param operatorAddresses array = []

@description('How many days logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 90

@description('Most logs of a day, in GB; -1 is no limit. What comes after it is lost, alerts with it.')
param logGbPerDay int = -1

@description('Whether each request to tables and queues is logged too: much, and only of use to an inquiry.')
param logEveryRequest bool = false

@description('Addresses of people who are told of alerts and of the budget.')
param alertEmails array = []

@description('What a month may cost, in the currency of the subscription; 0 is no budget.')
@minValue(0)
param monthlyBudget int = 0

@description('First month of the budget, as 2026-12; keep it, Azure does not let it be changed.')
param budgetStart string = utcNow('yyyy-MM')

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = union(extraTags, { 'azd-env-name': environmentName, application: 'hearthline' })

var names = {
  app: 'hearthline-${environmentName}-${token}'
  appIdentity: 'hearthline-${environmentName}-app'
  budget: 'hearthline-${environmentName}'
  bus: 'hearthline-${environmentName}-${token}'
  communication: 'hearthline-${environmentName}-${token}'
  acsTopic: 'hearthline-${environmentName}-acs'
  email: 'hearthline-${environmentName}-${token}'
  fhirWorkspace: fhir == 'existing' ? fhirWorkspaceName : 'hl${token}'
  fhirTopic: empty(fhirTopicName) ? 'hearthline-${environmentName}-fhir' : fhirTopicName
  group: empty(resourceGroupName) ? 'rg-hearthline-${environmentName}' : resourceGroupName
  insights: 'hearthline-${environmentName}-insights'
  network: 'hearthline-${environmentName}'
  plan: 'hearthline-${environmentName}-plan'
  storage: 'hl${token}'
  vault: 'hl-${token}'
  workspace: 'hearthline-${environmentName}-logs'
}

var onBus = transport == 'servicebus'
// Only Premium has private endpoints and a firewall.
var tier = privateNetwork ? 'Premium' : busTier
var onAzureFhir = fhir != 'other'
var fhirGroup = empty(fhirResourceGroup) ? names.group : fhirResourceGroup
var fhirHost = '${names.fhirWorkspace}-${fhirServiceName}.fhir.azurehealthcareapis.com'
var operators = empty(operatorsId) ? deployerId : operatorsId
var operatorsKind = empty(operatorsId) ? deployerType : operatorsType

// What shared/fhir/notifications reads, and what shared/fhir/acs_events.py reads.
var fhirEventTypes = [
  'Microsoft.HealthcareApis.FhirResourceCreated'
  'Microsoft.HealthcareApis.FhirResourceUpdated'
  'Microsoft.HealthcareApis.FhirResourceDeleted'
]
var acsEventTypes = [
  'Microsoft.Communication.SMSReceived'
  'Microsoft.Communication.SMSDeliveryReportReceived'
  'Microsoft.Communication.EmailDeliveryReportReceived'
  'Microsoft.Communication.EmailEngagementTrackingReportReceived'
  'Microsoft.Communication.AdvancedMessageReceived'
  'Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated'
]

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: names.group
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    location: location
    tags: tags
    appIdentityName: names.appIdentity
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    insightsName: names.insights
    retentionDays: logDays
    dailyQuotaGb: logGbPerDay
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    tags: tags
    storageName: names.storage
    skuName: storageRedundancy
    withQueues: !onBus
    closed: privateNetwork
    allowedAddresses: operatorAddresses
    undeleteDays: undeleteDays
    deadLetterDays: deadLetterDays
  }
}

module bus 'modules/service-bus.bicep' = if (onBus) {
  name: 'service-bus'
  scope: group
  params: {
    location: location
    tags: tags
    namespaceName: names.bus
    skuName: tier
    capacity: busCapacity
    closed: privateNetwork
    allowedAddresses: operatorAddresses
    queueMegabytes: busQueueMegabytes
  }
}

// Its id, whether it is there or not: a module that is not deployed has no outputs.
resource busNamespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: names.bus
  scope: group
}

module vault 'modules/key-vault.bicep' = {
  name: 'key-vault'
  scope: group
  params: {
    location: location
    tags: tags
    vaultName: names.vault
    closed: privateNetwork
    allowedAddresses: operatorAddresses
  }
}

module communication 'modules/communication.bicep' = {
  name: 'communication'
  scope: group
  params: {
    tags: tags
    communicationName: names.communication
    emailServiceName: names.email
    dataLocation: communicationData
    emailDomain: emailDomain
    emailDomainVerified: emailDomainVerified
    emailSender: emailSender
    engagementTracking: engagementTracking
  }
}

module newFhir 'modules/fhir.bicep' = if (fhir == 'new') {
  name: 'fhir'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: names.fhirWorkspace
    serviceName: fhirServiceName
    closed: privateNetwork
  }
}

// Its id, whoever made it.
resource fhirWorkspace 'Microsoft.HealthcareApis/workspaces@2024-03-31' existing = if (onAzureFhir) {
  name: names.fhirWorkspace
  scope: resourceGroup(fhirGroup)
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    location: location
    tags: tags
    networkName: names.network
    networkPrefix: networkPrefix
    appPrefix: appPrefix
    endpointPrefix: endpointPrefix
  }
}

module endpoints 'modules/endpoints.bicep' = if (privateNetwork) {
  name: 'endpoints'
  scope: group
  params: {
    location: location
    tags: tags
    environmentName: environmentName
    networkId: network!.outputs.networkId
    subnetId: network!.outputs.endpointSubnetId
    storageId: storage.outputs.storageId
    vaultId: vault.outputs.vaultId
    busId: onBus ? busNamespace.id : ''
    fhirWorkspaceId: onAzureFhir ? fhirWorkspace.id : ''
  }
  dependsOn: [bus, newFhir]
}

// A topic stands beside its source.
module fhirTopic 'modules/event-topic.bicep' = if (onAzureFhir) {
  name: 'hearthline-${environmentName}-topic'
  scope: resourceGroup(fhirGroup)
  params: {
    location: empty(fhirLocation) ? location : fhirLocation
    tags: tags
    topicName: names.fhirTopic
    sourceId: fhirWorkspace.id
    topicType: 'Microsoft.HealthcareApis.Workspaces'
    workspaceId: monitoring.outputs.workspaceId
    peopleId: alerts.outputs.peopleId
  }
  dependsOn: [newFhir]
}

module acsTopic 'modules/event-topic.bicep' = {
  name: 'acs-topic'
  scope: group
  params: {
    location: 'global'
    tags: tags
    topicName: names.acsTopic
    sourceId: communication.outputs.communicationId
    topicType: 'Microsoft.Communication.CommunicationServices'
    workspaceId: monitoring.outputs.workspaceId
    peopleId: alerts.outputs.peopleId
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    appPrincipalId: identity.outputs.appPrincipalId
    fhirEventsPrincipalId: onAzureFhir ? fhirTopic!.outputs.principalId : ''
    acsEventsPrincipalId: acsTopic.outputs.principalId
    deployerId: deployerId
    deployerType: deployerType
    operatorsId: operators
    operatorsType: operatorsKind
    storageName: names.storage
    transport: transport
    busName: names.bus
    scaleByLength: scaleByLength
    vaultName: names.vault
    insightsName: names.insights
    communicationName: names.communication
    fhirWorkspaceName: fhir == 'new' ? names.fhirWorkspace : ''
    fhirServiceName: fhir == 'new' ? fhirServiceName : ''
    fhirWrites: fhirWrites
  }
  dependsOn: [storage, bus, vault, monitoring, communication, newFhir]
}

module rolesOnFhir 'modules/roles.bicep' = if (fhir == 'existing') {
  name: 'hearthline-${environmentName}-roles'
  scope: resourceGroup(fhirGroup)
  params: {
    appPrincipalId: identity.outputs.appPrincipalId
    operatorsId: operators
    operatorsType: operatorsKind
    fhirWorkspaceName: names.fhirWorkspace
    fhirServiceName: fhirServiceName
    fhirWrites: fhirWrites
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    location: location
    tags: tags
    planName: names.plan
    appName: names.app
    identityId: identity.outputs.appIdentityId
    packagesUrl: storage.outputs.packagesUrl
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReady: alwaysReady
    httpConcurrency: httpConcurrency
    reachable: reachable
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    zoneRedundant: zoneRedundant
  }
  dependsOn: [roles, endpoints]
}

module appSettings 'modules/settings.bicep' = {
  name: 'settings'
  scope: group
  params: {
    appName: names.app
    clientId: identity.outputs.appClientId
    storageName: names.storage
    transport: transport
    busName: names.bus
    insightsName: names.insights
    vaultUri: vault.outputs.vaultUri
    fhirUrl: onAzureFhir ? 'https://${fhirHost}' : fhirUrl
    fhirAuth: onAzureFhir ? 'identity' : fhirAuth
    fhirWrites: fhirWrites
    communicationHost: communication.outputs.communicationHost
    smsFrom: smsFrom
    emailFrom: communication.outputs.emailFrom
    whatsappChannel: whatsappChannel
    engagementTracking: engagementTracking
    apiAudience: apiAudience
    publicUrl: empty(publicUrl) ? 'https://${functionApp.outputs.appHost}/api' : publicUrl
    overrides: settings
  }
  dependsOn: [roles, rolesOnFhir, monitoring]
}

// Events of the FHIR service: onto our queue, once its topic may.
module fhirEvents 'modules/event-grid.bicep' = if (onAzureFhir) {
  name: 'hearthline-${environmentName}-events'
  scope: resourceGroup(fhirGroup)
  params: {
    topicName: names.fhirTopic
    eventTypes: fhirEventTypes
    subjectBeginsWith: '${fhirHost}/'
    transport: transport
    queueName: 'notifications'
    busId: busNamespace.id
    storageId: storage.outputs.storageId
  }
  dependsOn: [fhirTopic, bus, roles]
}

// What Communication Services report: deliveries, and what patients write back.
module acsEvents 'modules/event-grid.bicep' = {
  name: 'acs-events'
  scope: group
  params: {
    topicName: names.acsTopic
    eventTypes: acsEventTypes
    subjectBeginsWith: ''
    transport: transport
    queueName: 'acs-events'
    busId: busNamespace.id
    storageId: storage.outputs.storageId
  }
  dependsOn: [acsTopic, bus, roles]
}

module diagnostics 'modules/diagnostics.bicep' = {
  name: 'diagnostics'
  scope: group
  params: {
    workspaceId: monitoring.outputs.workspaceId
    workspaceName: names.workspace
    storageName: names.storage
    everyRequest: logEveryRequest
    transport: transport
    busName: names.bus
    vaultName: names.vault
    communicationName: names.communication
    appName: names.app
    planName: names.plan
    fhirWorkspaceName: fhir == 'new' ? names.fhirWorkspace : ''
    fhirServiceName: fhirServiceName
    networkName: privateNetwork ? names.network : ''
  }
  dependsOn: [storage, bus, vault, communication, functionApp, newFhir, network]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    environmentName: environmentName
    workspaceId: monitoring.outputs.workspaceId
    storageId: storage.outputs.storageId
    transport: transport
    busId: busNamespace.id
    emails: alertEmails
    waitingMessages: waitingMessages
  }
  dependsOn: [bus]
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    environmentName: environmentName
  }
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0 && !empty(alertEmails)) {
  name: 'budget'
  scope: group
  params: {
    budgetName: names.budget
    amount: monthlyBudget
    start: '${budgetStart}-01'
    emails: alertEmails
  }
}

// azd keeps these in the environment; infra/hooks reads them.
@description('Name of the resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Region.')
output AZURE_LOCATION string = location

@description('Name of the app.')
output HEARTHLINE_APP_NAME string = names.app

@description('Where the app is reached.')
output HEARTHLINE_APP_URL string = 'https://${functionApp.outputs.appHost}/api'

@description('Name of the Key Vault.')
output HEARTHLINE_VAULT_NAME string = names.vault

@description('Name of the storage account: AzureWebJobsStorage__accountName for the command line.')
output HEARTHLINE_STORAGE_NAME string = names.storage

@description('What carries messages: HEARTHLINE_TRANSPORT for the command line.')
output HEARTHLINE_TRANSPORT string = transport

@description('Host name of the Service Bus namespace, for the command line; empty where there is none.')
output HEARTHLINE_BUS_HOST string = onBus ? '${names.bus}.servicebus.windows.net' : ''

@description('Base URL of the FHIR server.')
output HEARTHLINE_FHIR_URL string = onAzureFhir ? 'https://${fhirHost}' : fhirUrl

@description('Whether the app signs in to the FHIR server with a token that is to be put into the vault.')
output HEARTHLINE_FHIR_TOKEN_WANTED bool = !onAzureFhir && fhirAuth == 'token'

@description('Address that email comes from; empty while its domain is not verified.')
output HEARTHLINE_EMAIL_FROM string = communication.outputs.emailFrom
