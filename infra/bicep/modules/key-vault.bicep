// The vault with what only the app may know: secrets of links, of sources and of webhooks.
// The deployment writes no secret into it: infra/hooks/secrets.sh does, and roles.bicep says who may read.

@description('Region of the vault.')
param location string

@description('Tags of the vault.')
param tags object

@description('Name of the vault.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Whether only private endpoints, allowed addresses and trusted services of Azure get in.')
param closed bool

@description('Public IP addresses or ranges that get in although it is closed: those of operators.')
param allowedAddresses array

var allowedRules = [for address in allowedAddresses: {
  value: address
}]

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: vaultName
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
      ipRules: allowedRules
      virtualNetworkRules: []
    }
  }
}

@description('Resource id of the vault.')
output vaultId string = vault.id

@description('Address of the vault, with a slash at its end.')
output vaultUri string = vault.properties.vaultUri
