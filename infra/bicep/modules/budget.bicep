// A budget of the resource group: people are told when a month costs more than was planned.
// It stops nothing. Messages are the largest part of the cost: docs/scale.md.

@description('Name of the budget.')
param budgetName string

@description('What a month may cost, in the currency of the subscription.')
@minValue(1)
param amount int

@description('First day of the first month, as 2026-12-01; it cannot be changed later.')
param start string

@description('Whom to tell.')
@minLength(1)
param emails array

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: budgetName
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: start
    }
    notifications: {
      halfSpent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 50
        thresholdType: 'Actual'
        contactEmails: emails
      }
      nearlySpent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 90
        thresholdType: 'Actual'
        contactEmails: emails
      }
      willOverspend: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: emails
      }
    }
  }
}
