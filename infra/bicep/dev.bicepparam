// A small one to try things with: everything scales to nothing, nothing is kept twice, nobody is woken.
using './main.bicep'

param environmentName = 'dev'
param location = 'eastus2'
param extraTags = {
  stage: 'dev'
}

param transport = 'storage'
param storageRedundancy = 'Standard_LRS'
param undeleteDays = 1
param fhir = 'new'

param instanceMemoryMB = 512
param maximumInstanceCount = 40

param logDays = 30
param logGbPerDay = 1
param monthlyBudget = 50
param budgetStart = '2026-12'
param alertEmails = ['hearthline-dev@example.org']

param settings = {
  HEARTHLINE_TRACE_SAMPLING: '1.0'
}
