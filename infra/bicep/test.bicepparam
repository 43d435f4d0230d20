// As production in all but size: the same transport, an existing FHIR service, operators as a group.
using './main.bicep'

param environmentName = 'test'
param location = 'eastus2'
param extraTags = {
  stage: 'test'
}
param operatorsId = '00000000-0000-0000-0000-000000000000'

param transport = 'servicebus'
param busTier = 'Standard'
param storageRedundancy = 'Standard_ZRS'

param fhir = 'existing'
param fhirResourceGroup = 'rg-health-test'
param fhirWorkspaceName = 'healthtest'
param fhirServiceName = 'fhir'

param maximumInstanceCount = 40

param logDays = 30
param monthlyBudget = 500
param budgetStart = '2026-12'
param alertEmails = ['hearthline-test@example.org']
