// For azd: each parameter is a variable of the environment (`azd env set NAME VALUE`), or its default here.
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param resourceGroupName = readEnvironmentVariable('AZURE_RESOURCE_GROUP', '')
param deployerId = readEnvironmentVariable('AZURE_PRINCIPAL_ID')
param deployerType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')
param operatorsId = readEnvironmentVariable('HEARTHLINE_OPERATORS_ID', '')
param operatorsType = readEnvironmentVariable('HEARTHLINE_OPERATORS_TYPE', 'Group')

param transport = readEnvironmentVariable('HEARTHLINE_TRANSPORT', 'servicebus')
param busTier = readEnvironmentVariable('HEARTHLINE_BUS_TIER', 'Standard')
param storageRedundancy = readEnvironmentVariable('HEARTHLINE_STORAGE_REDUNDANCY', 'Standard_ZRS')

param fhir = readEnvironmentVariable('HEARTHLINE_FHIR', 'new')
param fhirWorkspaceName = readEnvironmentVariable('HEARTHLINE_FHIR_WORKSPACE', '')
param fhirServiceName = readEnvironmentVariable('HEARTHLINE_FHIR_SERVICE', 'fhir')
param fhirResourceGroup = readEnvironmentVariable('HEARTHLINE_FHIR_GROUP', '')
param fhirLocation = readEnvironmentVariable('HEARTHLINE_FHIR_LOCATION', '')
param fhirTopicName = readEnvironmentVariable('HEARTHLINE_FHIR_TOPIC', '')
param fhirUrl = readEnvironmentVariable('HEARTHLINE_OTHER_FHIR_URL', '')
param fhirAuth = readEnvironmentVariable('HEARTHLINE_OTHER_FHIR_AUTH', 'token')
param fhirWrites = bool(readEnvironmentVariable('HEARTHLINE_FHIR_WRITES', 'true'))

param communicationData = readEnvironmentVariable('HEARTHLINE_COMMUNICATION_DATA', 'United States')
param emailDomain = readEnvironmentVariable('HEARTHLINE_EMAIL_DOMAIN', '')
param emailDomainVerified = bool(readEnvironmentVariable('HEARTHLINE_EMAIL_DOMAIN_VERIFIED', 'false'))
param emailSender = readEnvironmentVariable('HEARTHLINE_EMAIL_SENDER', 'care')
param smsFrom = readEnvironmentVariable('HEARTHLINE_SMS_FROM', '')
param whatsappChannel = readEnvironmentVariable('HEARTHLINE_WHATSAPP_CHANNEL', '')
param apiAudience = readEnvironmentVariable('HEARTHLINE_API_AUDIENCE', '')

param publicUrl = readEnvironmentVariable('HEARTHLINE_PUBLIC_URL', '')
param privateNetwork = bool(readEnvironmentVariable('HEARTHLINE_PRIVATE_NETWORK', 'false'))
param operatorAddresses = filter(split(readEnvironmentVariable('HEARTHLINE_OPERATOR_ADDRESSES', ''), ','), each => !empty(each))

param alertEmails = filter(split(readEnvironmentVariable('HEARTHLINE_ALERT_EMAIL', ''), ','), each => !empty(each))
param monthlyBudget = int(readEnvironmentVariable('HEARTHLINE_MONTHLY_BUDGET', '0'))
param budgetStart = readEnvironmentVariable('HEARTHLINE_BUDGET_START', '2026-12')

// What messages say of the organisation; docs/operations.md has all settings.
param settings = {
  HEARTHLINE_ORGANIZATION: readEnvironmentVariable('HEARTHLINE_ORGANIZATION', 'Hearthline Health')
  HEARTHLINE_REGION: readEnvironmentVariable('HEARTHLINE_REGION', 'US')
  HEARTHLINE_TIME_ZONE: readEnvironmentVariable('HEARTHLINE_TIME_ZONE', 'UTC')
  HEARTHLINE_POSTAL_ADDRESS: readEnvironmentVariable('HEARTHLINE_POSTAL_ADDRESS', '')
  HEARTHLINE_PHONE: readEnvironmentVariable('HEARTHLINE_PHONE', '')
  HEARTHLINE_WEBSITE: readEnvironmentVariable('HEARTHLINE_WEBSITE', '')
}
