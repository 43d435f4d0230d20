// A workspace of Azure Health Data Services with a FHIR R4 service, where there is none yet.
// A service that exists is only named: main.bicep finds its address, roles.bicep lets us in.

@description('Region of the workspace.')
param location string

@description('Tags of the workspace and of the service.')
param tags object

@description('Name of the workspace.')
@minLength(3)
@maxLength(24)
param workspaceName string

@description('Name of the FHIR service in it.')
@minLength(3)
@maxLength(24)
param serviceName string

@description('Whether only private endpoints get in.')
param closed bool

var address = 'https://${workspaceName}-${serviceName}.fhir.azurehealthcareapis.com'

resource workspace 'Microsoft.HealthcareApis/workspaces@2024-03-31' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
  }
}

resource service 'Microsoft.HealthcareApis/workspaces/fhirservices@2024-03-31' = {
  parent: workspace
  name: serviceName
  location: location
  tags: tags
  kind: 'fhir-R4'
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    authenticationConfiguration: {
      authority: '${environment().authentication.loginEndpoint}${subscription().tenantId}'
      audience: address
      smartProxyEnabled: false
    }
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    // Every change keeps its version: that is what we compare by.
    resourceVersionPolicyConfiguration: {
      default: 'versioned'
    }
  }
}

@description('Resource id of the workspace.')
output workspaceId string = workspace.id
