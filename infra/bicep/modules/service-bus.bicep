// The Service Bus namespace and its queues, where it carries messages. Identities only.
// The queues are those of shared/queues.py; sessions keep the changes of one patient in order.

@description('Region of the namespace.')
param location string

@description('Tags of the namespace.')
param tags object

@description('Name of the namespace.')
@minLength(6)
@maxLength(50)
param namespaceName string

@description('Standard, or Premium: capacity of its own, and private endpoints.')
@allowed(['Standard', 'Premium'])
param skuName string

@description('Messaging units of Premium.')
@allowed([1, 2, 4, 8, 16])
param capacity int

@description('Whether only private endpoints, allowed addresses and trusted services get in; Premium only.')
param closed bool

@description('Public IP addresses or ranges that get in although it is closed: those of operators.')
param allowedAddresses array

@description('Largest size of a queue, in MB.')
@allowed([1024, 2048, 3072, 4096, 5120])
param queueMegabytes int

// shared/queues.py: which there are, and whether a queue has sessions and drops what is told twice.
var queueKinds = [
  { name: 'changes', sessions: true }
  { name: 'wakeups', sessions: false }
  { name: 'reports', sessions: false }
  { name: 'inbound', sessions: false }
  { name: 'notifications', sessions: false }
  { name: 'acs-events', sessions: false }
  { name: 'outbox', sessions: false }
  { name: 'recoveries', sessions: false }
  { name: 'audits', sessions: false }
  { name: 'populations', sessions: false }
  { name: 'entries', sessions: false }
  { name: 'events', sessions: false }
  { name: 'pages', sessions: false }
  { name: 'operations', sessions: false }
]

var allowedRules = [for address in allowedAddresses: {
  ipMask: address
  action: 'Allow'
}]

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' = {
  name: namespaceName
  location: location
  tags: tags
  sku: {
    name: skuName
    tier: skuName
    capacity: skuName == 'Premium' ? capacity : null
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

resource queues 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' = [for kind in queueKinds: {
  parent: namespace
  name: kind.name
  properties: {
    requiresSession: kind.sessions
    requiresDuplicateDetection: kind.sessions
    duplicateDetectionHistoryTimeWindow: 'PT10M'
    // The host renews the lock while a function runs: this is how long messages stay away of a machine that is gone.
    lockDuration: 'PT1M'
    maxDeliveryCount: 8
    maxSizeInMegabytes: queueMegabytes
    defaultMessageTimeToLive: 'P14D'
    deadLetteringOnMessageExpiration: true
  }
}]

resource networkRules 'Microsoft.ServiceBus/namespaces/networkRuleSets@2026-01-01' = if (skuName == 'Premium') {
  parent: namespace
  name: 'default'
  properties: {
    publicNetworkAccess: 'Enabled'
    defaultAction: closed ? 'Deny' : 'Allow'
    trustedServiceAccessEnabled: true
    ipRules: allowedRules
  }
}
