// The app: a Flex Consumption plan and the one function app on it. Its settings are in settings.bicep.

@description('Region of the app; Flex Consumption must be offered there.')
param location string

@description('Tags of the plan and of the app.')
param tags object

@description('Name of the plan.')
param planName string

@description('Name of the app.')
param appName string

@description('Resource id of the identity of the app.')
param identityId string

@description('Address of the container that its package is deployed to.')
param packagesUrl string

@description('Memory of an instance, in MB; CPU comes in proportion.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Most instances that each scaling group, and each function by itself, may have.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('Instances that are always there: a list of {name, instanceCount}, "http" or "function:NAME".')
param alwaysReady array

@description('HTTP requests that one instance takes at once.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int

@description('Whether the app can be called from the internet: links in messages need it.')
param reachable bool

@description('Resource id of the subnet that the app runs in; empty for none.')
param subnetId string

@description('Whether the plan is spread over zones; the region must have them.')
param zoneRedundant bool

// By this tag `azd deploy` finds where the service of azure.yaml goes.
var appTags = union(tags, { 'azd-service-name': 'app' })

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: appName
  location: location
  tags: appTags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: reachable ? 'Enabled' : 'Disabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packagesUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        alwaysReady: alwaysReady
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
    }
  }
}

// Deployments come with an Entra token; nobody signs in with a password.
resource noFtpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource noScmPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

@description('Resource id of the app.')
output appId string = app.id

@description('Host name of the app.')
output appHost string = app.properties.defaultHostName
