// The identity as which the app calls everything.
// It is of its own, and not the app's: so its roles are there before the app, which needs them to start.

@description('Region of the identity.')
param location string

@description('Tags of the identity.')
param tags object

@description('Name of the identity of the app.')
param appIdentityName string

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: appIdentityName
  location: location
  tags: tags
}

@description('Resource id of the identity of the app.')
output appIdentityId string = app.id

@description('Client id of the identity of the app, which settings name.')
output appClientId string = app.properties.clientId

@description('Object id of the identity of the app, to which roles are assigned.')
output appPrincipalId string = app.properties.principalId
