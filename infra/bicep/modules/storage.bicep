// The storage account: tables with the records, blobs, and the queues where they carry messages.
// Identities only: no shared keys, nothing public. Tables, queues and containers are those of the code.

@description('Region of the account.')
param location string

@description('Tags of the account.')
param tags object

@description('Name of the account.')
@minLength(3)
@maxLength(24)
param storageName string

@description('Redundancy. ZRS outlives the loss of a zone, GZRS that of a region.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS', 'Standard_RAGZRS'])
param skuName string

@description('Whether storage queues carry messages, and so have to be made.')
param withQueues bool

@description('Whether only private endpoints, allowed addresses and trusted services of Azure get in.')
param closed bool

@description('Public IP addresses or ranges that get in although it is closed: those of operators.')
param allowedAddresses array

@description('Days for which deleted or overwritten blobs, and deleted containers, can be brought back.')
@minValue(1)
@maxValue(365)
param undeleteDays int

@description('Days after which dead letters of Event Grid are deleted.')
@minValue(1)
param deadLetterDays int

var tableNames = ['patients', 'wakeups', 'index', 'documents', 'audit']

// Letters until they are printed, packages of the app, and what Event Grid could not deliver.
var containerNames = ['hearthline', 'deployments', 'dead-letters']

var queueNames = [
  'changes'
  'wakeups'
  'reports'
  'inbound'
  'notifications'
  'acs-events'
  'outbox'
  'recoveries'
  'audits'
  'populations'
  'entries'
  'events'
  'pages'
  'operations'
]

var madeQueues = withQueues ? queueNames : []

var allowedRules = [for address in allowedAddresses: {
  value: address
  action: 'Allow'
}]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: storageName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: skuName
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Closed is "Enabled" with "Deny", not "Disabled": Event Grid comes in as a trusted service.
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
      ipRules: allowedRules
      virtualNetworkRules: []
    }
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: {
        blob: {
          enabled: true
          keyType: 'Account'
        }
        // Tables and queues hold health data: encrypted with the account's key, as blobs are.
        table: {
          enabled: true
          keyType: 'Account'
        }
        queue: {
          enabled: true
          keyType: 'Account'
        }
      }
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [for name in containerNames: {
  parent: blobs
  name: name
  properties: {
    publicAccess: 'None'
  }
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [for name in tableNames: {
  parent: tableService
  name: name
}]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [for name in madeQueues: {
  parent: queueService
  name: name
}]

// The host moves a message there that it has handed out eight times.
resource poisonQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [for name in madeQueues: {
  parent: queueService
  name: '${name}-poison'
}]

// Old versions cost money, and hold health data longer than anybody asked for.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-versions'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
            }
            actions: {
              version: {
                delete: {
                  daysAfterCreationGreaterThan: undeleteDays
                }
              }
            }
          }
        }
        {
          name: 'old-dead-letters'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['dead-letters/']
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: deadLetterDays
                }
              }
            }
          }
        }
      ]
    }
  }
}

@description('Resource id of the account.')
output storageId string = account.id

@description('Address of the container that packages of the app are deployed to.')
output packagesUrl string = '${account.properties.primaryEndpoints.blob}deployments'
