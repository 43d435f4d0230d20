// Production: a private network, zones, instances that are always there, and an existing FHIR service.
// Sizes are a start for a million patients: docs/scale.md says what to look at.
using './main.bicep'

param environmentName = 'prod'
param location = 'eastus2'
param extraTags = {
  stage: 'prod'
}
param deployerType = 'ServicePrincipal'
param operatorsId = '00000000-0000-0000-0000-000000000000'

param transport = 'servicebus'
param busTier = 'Premium'
param busCapacity = 1
param scaleByLength = true
param storageRedundancy = 'Standard_GZRS'
param undeleteDays = 30
param deadLetterDays = 90

param fhir = 'existing'
param fhirResourceGroup = 'rg-health-prod'
param fhirWorkspaceName = 'healthprod'
param fhirServiceName = 'fhir'

param emailDomain = 'mail.example.org'
param emailDomainVerified = true
param emailSender = 'care'

param zoneRedundant = true
param instanceMemoryMB = 2048
param maximumInstanceCount = 200
param alwaysReady = [
  {
    name: 'http'
    instanceCount: 2
  }
  {
    name: 'function:changes'
    instanceCount: 2
  }
]
param publicUrl = 'https://care.example.org/api'

param privateNetwork = true

param logDays = 365
param monthlyBudget = 20000
param budgetStart = '2026-12'
param alertEmails = ['hearthline-on-call@example.org']

param settings = {
  HEARTHLINE_ORGANIZATION: 'Example Health'
  HEARTHLINE_TIME_ZONE: 'America/New_York'
  HEARTHLINE_POSTAL_ADDRESS: '1 Hospital Way, Springfield, NY 10001'
  HEARTHLINE_PHONE: '(555) 010-0100'
  HEARTHLINE_WEBSITE: 'https://example.org'
  HEARTHLINE_TRACE_SAMPLING: '0.1'
}
