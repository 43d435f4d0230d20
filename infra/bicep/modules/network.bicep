// The closed variant: a network that the app runs in, with private endpoints for what it keeps data in.
// Communication Services and Azure Monitor have no such endpoints here: they are called through the gateway.

@description('Region of the network.')
param location string

@description('Tags of all of the network.')
param tags object

@description('Name of the network; names of its parts begin with it.')
param networkName string

@description('Address range of the network.')
param networkPrefix string

@description('Address range of the subnet of the app; /27 at least, larger for many instances.')
param appPrefix string

@description('Address range of the subnet of private endpoints.')
param endpointPrefix string

resource address 'Microsoft.Network/publicIPAddresses@2025-05-01' = {
  name: '${networkName}-out'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
    publicIPAddressVersion: 'IPv4'
  }
}

// New networks have no way out of their own: one gateway, with one address that others can let in.
resource gateway 'Microsoft.Network/natGateways@2025-05-01' = {
  name: '${networkName}-nat'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    idleTimeoutInMinutes: 4
    publicIpAddresses: [
      {
        id: address.id
      }
    ]
  }
}

resource guard 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: '${networkName}-nsg'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'nobody-from-the-internet'
        properties: {
          access: 'Deny'
          description: 'Private endpoints and instances of the app are not reached from outside.'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
          direction: 'Inbound'
          priority: 4000
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: networkName
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [networkPrefix]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appPrefix
          defaultOutboundAccess: false
          natGateway: {
            id: gateway.id
          }
          networkSecurityGroup: {
            id: guard.id
          }
          delegations: [
            {
              name: 'flex'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointPrefix
          defaultOutboundAccess: false
          networkSecurityGroup: {
            id: guard.id
          }
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }
}

@description('Resource id of the network.')
output networkId string = network.id

@description('Resource id of the subnet of the app.')
output appSubnetId string = '${network.id}/subnets/app'

@description('Resource id of the subnet of private endpoints.')
output endpointSubnetId string = '${network.id}/subnets/endpoints'
