// Private endpoints of what data is kept in, and the DNS zones by which the network finds them.

@description('Region of the endpoints.')
param location string

@description('Tags of endpoints and zones.')
param tags object

@description('Name of the environment: what names of endpoints begin with.')
param environmentName string

@description('Resource id of the network.')
param networkId string

@description('Resource id of the subnet of the endpoints.')
param subnetId string

@description('Resource id of the storage account.')
param storageId string

@description('Resource id of the vault.')
param vaultId string

@description('Resource id of the Service Bus namespace; empty for none.')
param busId string

@description('Resource id of the workspace of the FHIR service; empty for none of Azure.')
param fhirWorkspaceId string

// Names of groups and zones: https://learn.microsoft.com/azure/private-link/private-endpoint-dns
var ofStorage = [
  { name: 'blob', target: storageId, group: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}' }
  { name: 'queue', target: storageId, group: 'queue', zone: 'privatelink.queue.${environment().suffixes.storage}' }
  { name: 'table', target: storageId, group: 'table', zone: 'privatelink.table.${environment().suffixes.storage}' }
]
var ofVault = [
  { name: 'vault', target: vaultId, group: 'vault', zone: 'privatelink.vaultcore.azure.net' }
]
var ofBus = empty(busId) ? [] : [
  { name: 'bus', target: busId, group: 'namespace', zone: 'privatelink.servicebus.windows.net' }
]
var ofFhir = empty(fhirWorkspaceId) ? [] : [
  { name: 'fhir', target: fhirWorkspaceId, group: 'healthcareworkspace', zone: 'privatelink.fhir.azurehealthcareapis.com' }
]
var wanted = concat(ofStorage, ofVault, ofBus, ofFhir)

resource endpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [for one in wanted: {
  name: 'hearthline-${environmentName}-${one.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: one.name
        properties: {
          privateLinkServiceId: one.target
          groupIds: [one.group]
        }
      }
    ]
  }
}]

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for one in wanted: {
  name: one.zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (one, index) in wanted: {
  parent: zones[index]
  name: 'hearthline'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: networkId
    }
  }
}]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [for (one, index) in wanted: {
  parent: endpoints[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: one.name
        properties: {
          privateDnsZoneId: zones[index].id
        }
      }
    ]
  }
}]
