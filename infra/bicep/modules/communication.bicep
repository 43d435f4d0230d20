// Communication Services, and the domain that email comes from. Identities only, no access keys.
// Numbers for SMS and a WhatsApp channel are bought and registered by people: docs/deployment.md says where.

@description('Tags of the services.')
param tags object

@description('Name of the Communication Services resource.')
param communicationName string

@description('Name of the email service.')
param emailServiceName string

@description('Where messages and their data are kept; it cannot be changed later.')
param dataLocation string

@description('The domain of the organisation that email comes from; empty for one that Azure manages.')
param emailDomain string

@description('Whether the DNS records of that domain are verified: only then it can be linked.')
param emailDomainVerified bool

@description('Name in front of the @ of the address that email comes from.')
param emailSender string

@description('Whether Communication Services tell of opened emails and followed links.')
param engagementTracking bool

var azureManaged = empty(emailDomain)
var linked = azureManaged || emailDomainVerified

resource emailService 'Microsoft.Communication/emailServices@2025-09-01' = {
  name: emailServiceName
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
  }
}

resource domain 'Microsoft.Communication/emailServices/domains@2025-09-01' = {
  parent: emailService
  name: azureManaged ? 'AzureManagedDomain' : emailDomain
  location: 'global'
  tags: tags
  properties: {
    domainManagement: azureManaged ? 'AzureManaged' : 'CustomerManaged'
    userEngagementTracking: engagementTracking ? 'Enabled' : 'Disabled'
  }
}

// A domain that Azure manages has the one sender DoNotReply, and takes no other.
resource sender 'Microsoft.Communication/emailServices/domains/senderUsernames@2025-09-01' = if (!azureManaged && emailDomainVerified) {
  parent: domain
  name: emailSender
  properties: {
    username: emailSender
  }
}

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' = {
  name: communicationName
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
    disableLocalAuth: true
    linkedDomains: linked ? [domain.id] : []
  }
}

@description('Resource id of Communication Services.')
output communicationId string = communication.id

@description('Host name of Communication Services.')
output communicationHost string = communication.properties.hostName

@description('The address that email comes from; empty while the domain is not verified.')
output emailFrom string = linked ? '${azureManaged ? 'DoNotReply' : emailSender}@${domain.properties.fromSenderDomain}' : ''
