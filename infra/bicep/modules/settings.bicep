// The app settings: every setting of shared/config.py, and those that the Functions host reads.
// No secret stands here. What is secret is a reference to Key Vault, which the app's identity resolves.

@description('Name of the app.')
param appName string

@description('Client id of the identity of the app.')
param clientId string

@description('Name of the storage account.')
param storageName string

@description('What carries messages from function to function.')
@allowed(['storage', 'servicebus'])
param transport string

@description('Name of the Service Bus namespace; of no account where storage queues carry messages.')
param busName string

@description('Name of the Application Insights component.')
param insightsName string

@description('Address of the vault, with a slash at its end.')
param vaultUri string

@description('Base URL of the FHIR server.')
param fhirUrl string

@description('How we sign in to it.')
@allowed(['none', 'identity', 'token'])
param fhirAuth string

@description('Whether we may write to it.')
param fhirWrites bool

@description('Host name of Communication Services.')
param communicationHost string

@description('The number or short code that SMS come from; empty is no SMS.')
param smsFrom string

@description('The address that email comes from; empty is no email.')
param emailFrom string

@description('Id of the registration of the WhatsApp channel; empty is no WhatsApp.')
param whatsappChannel string

@description('Whether Communication Services tell of opened emails and followed links.')
param engagementTracking bool

@description('Application id of the registration that tokens of the admin API are for; empty refuses everybody.')
param apiAudience string

@description('Where links in messages lead: "https://HOST/api".')
param publicUrl string

@description('Settings of the organisation, by name, in place of the defaults here.')
param overrides object

// An endpoint without a sender is refused by shared/config.py.
var hasSender = !empty('${smsFrom}${emailFrom}${whatsappChannel}')
var secret = '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets'

// What shared/config.py reads.
var product = {
  AzureWebJobsStorage__accountName: storageName
  AZURE_CLIENT_ID: clientId
  HEARTHLINE_TRANSPORT: transport
  HEARTHLINE_BUS__fullyQualifiedNamespace: transport == 'servicebus' ? '${busName}.servicebus.windows.net' : ''
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  OTEL_EXPORTER_OTLP_ENDPOINT: ''
  HEARTHLINE_TRACE_SAMPLING: '0.1'
  HEARTHLINE_FHIR_URL: fhirUrl
  HEARTHLINE_FHIR_AUTH: fhirAuth
  HEARTHLINE_FHIR_TOKEN: fhirAuth == 'token' ? '${secret}/fhir-token)' : ''
  HEARTHLINE_FHIR_CONCURRENCY: '32'
  HEARTHLINE_ACS_ENDPOINT: hasSender ? 'https://${communicationHost}' : ''
  HEARTHLINE_SMS_FROM: smsFrom
  HEARTHLINE_EMAIL_FROM: emailFrom
  HEARTHLINE_WHATSAPP_CHANNEL: whatsappChannel
  HEARTHLINE_EMAIL_TRACKING: engagementTracking ? 'true' : 'false'
  HEARTHLINE_MIRROR_OPT_OUTS: 'true'
  HEARTHLINE_REGION: 'US'
  HEARTHLINE_TIME_ZONE: 'UTC'
  HEARTHLINE_ORGANIZATION: 'Hearthline Health'
  HEARTHLINE_SOURCES: '${secret}/sources)'
  HEARTHLINE_WEBHOOKS: '${secret}/webhooks)'
  HEARTHLINE_CONSOLE_URL: ''
  HEARTHLINE_ENTRA_ISSUER: empty(apiAudience) ? '' : '${environment().authentication.loginEndpoint}${subscription().tenantId}/v2.0'
  HEARTHLINE_API_AUDIENCE: apiAudience
  HEARTHLINE_PLATFORM_AUTH: 'false'
  HEARTHLINE_CATALOGUE_SECONDS: '5'
  HEARTHLINE_LETTERS: 'false'
  HEARTHLINE_LETTER_FONT: ''
  HEARTHLINE_PUSH_WEBHOOK: ''
  HEARTHLINE_PROVIDERS: '{}'
  HEARTHLINE_QUIET_HOURS: '{"opens": "08:00", "closes": "21:00"}'
  HEARTHLINE_CAPS: '[{"purposes": ["marketing"], "most": 2, "within": "P7D"}, {"purposes": ["marketing", "research", "operations"], "counts": ["care"], "most": 6, "within": "P7D"}]'
  HEARTHLINE_OPT_IN_FOR: '["marketing", "research"]'
  HEARTHLINE_QUESTIONS_TO_STAFF: 'true'
  HEARTHLINE_AGE_OF_MAJORITY: '18'
  HEARTHLINE_BUNDLING_MINUTES: '10'
  HEARTHLINE_WRITE_BACK: fhirWrites ? '["communications", "consents"]' : '[]'
  HEARTHLINE_RETENTION: '{"messages": "P6Y", "timeline": "P6Y", "engagement": "P2Y", "links": "P400D", "rejections": "P90D", "audit": "P6Y", "analytics": "P3Y"}'
  HEARTHLINE_ANALYTICS: 'true'
  HEARTHLINE_BODY_LIMIT: '8388608'
  HEARTHLINE_AUDIT_SECRETS: '${secret}/audit-secrets)'
  HEARTHLINE_PUBLIC_URL: publicUrl
  HEARTHLINE_LINK_SECRETS: '${secret}/link-secrets)'
  HEARTHLINE_SEAL_SECRETS: '${secret}/seal-secrets)'
  HEARTHLINE_LINK_HOSTS: '[]'
  HEARTHLINE_POSTAL_ADDRESS: ''
  HEARTHLINE_PHONE: ''
  HEARTHLINE_WEBSITE: ''
}

// What the Functions host reads. Runtime, language and deployment are no settings on Flex Consumption:
// https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations
var host = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: clientId
  HEARTHLINE_BUS__credential: 'managedidentity'
  HEARTHLINE_BUS__clientId: clientId
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
  PYTHON_ENABLE_OPENTELEMETRY: 'true'
  APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL: 'true'
  APPLICATIONINSIGHTS_SDKSTATS_DISABLED: 'true'
  APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED: 'true'
  APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED: 'true'
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(product, overrides, host)
}
