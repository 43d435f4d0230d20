// The two identities: as whom the app calls everything, and as whom Event Grid delivers to our queues.
// They are of their own, and not the resources': so their roles are there before what needs them.

@description('Region of the identities.')
param location string

@description('Tags of the identities.')
param tags object

@description('Name of the identity of the app.')
param appIdentityName string

@description('Name of the identity by which Event Grid delivers.')
param eventsIdentityName string

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: appIdentityName
  location: location
  tags: tags
}

resource events 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: eventsIdentityName
  location: location
  tags: tags
}

@description('Resource id of the identity of the app.')
output appIdentityId string = app.id

@description('Client id of the identity of the app, which settings name.')
output appClientId string = app.properties.clientId

@description('Object id of the identity of the app, to which roles are assigned.')
output appPrincipalId string = app.properties.principalId

@description('Resource id of the identity by which Event Grid delivers.')
output eventsIdentityId string = events.id

@description('Object id of the identity by which Event Grid delivers.')
output eventsPrincipalId string = events.properties.principalId
