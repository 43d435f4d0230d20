// What somebody must look at: questions to the logs (infra/bicep/queries), and metrics of the resources.
// A question answers with rows only where something is wrong: one row is an alert.

@description('Region of the alerts.')
param location string

@description('Tags of the alerts.')
param tags object

@description('Name of the environment: what names of alerts begin with.')
param environmentName string

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Resource id of the storage account.')
param storageId string

@description('What carries messages.')
@allowed(['storage', 'servicebus'])
param transport string

@description('Resource id of the Service Bus namespace; not read where storage queues carry messages.')
param busId string

@description('Whom to tell.')
param emails array

@description('How many messages may wait in all queues of Service Bus together.')
@minValue(1)
param waitingMessages int

var receivers = [for email in emails: {
  name: email
  emailAddress: email
  useCommonAlertSchema: true
}]

var questions = [
  {
    name: 'poison'
    says: 'Messages were given up: a bug, see "Poison queues" in docs/operations.md.'
    query: loadTextContent('../queries/alert-poison.kql')
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    reads: null
  }
  {
    name: 'oldest-change'
    says: 'Changes wait for longer than they should.'
    query: loadTextContent('../queries/alert-oldest-change.kql')
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    reads: null
  }
  {
    name: 'unknown-sends'
    says: 'Messages of which nobody knows whether they went out.'
    query: loadTextContent('../queries/alert-unknown-sends.kql')
    severity: 2
    every: 'PT5M'
    window: 'PT15M'
    reads: null
  }
  {
    name: 'reconciliation'
    says: 'The search for what no notification brought has failed, or did not run.'
    query: loadTextContent('../queries/alert-reconciliation.kql')
    severity: 1
    every: 'PT15M'
    window: 'PT30M'
    reads: null
  }
  {
    name: 'send-failures'
    says: 'More sends fail than usual.'
    query: loadTextContent('../queries/alert-send-failures.kql')
    severity: 2
    every: 'PT15M'
    window: 'PT1H'
    reads: null
  }
  {
    name: 'opt-outs'
    says: 'More people opt out than usual: look at what was sent.'
    query: loadTextContent('../queries/alert-opt-outs.kql')
    severity: 2
    every: 'PT15M'
    window: 'PT1H'
    reads: 'P2D'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'hearthline-${environmentName}-people'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'hearthline'
    enabled: true
    emailReceivers: receivers
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for question in questions: {
  name: 'hearthline-${environmentName}-${question.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Hearthline ${environmentName}: ${question.name}'
    description: question.says
    severity: question.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: question.every
    windowSize: question.window
    overrideQueryTimeRange: question.reads
    autoMitigate: true
    // Tables of Application Insights are there only once something was told: before, a query is no error.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: question.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [people.id]
    }
  }
}]

resource storageAway 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'hearthline-${environmentName}-storage-availability'
  location: 'global'
  tags: tags
  properties: {
    description: 'Storage fails requests: nothing is decided while it does, and everything is caught up with.'
    severity: 1
    enabled: true
    scopes: [storageId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'availability'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'Availability'
          metricNamespace: 'Microsoft.Storage/storageAccounts'
          operator: 'LessThan'
          threshold: 99
          timeAggregation: 'Average'
        }
      ]
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}

resource busDeadLetters 'Microsoft.Insights/metricAlerts@2026-01-01' = if (transport == 'servicebus') {
  name: 'hearthline-${environmentName}-bus-dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'A queue has dead letters, as Service Bus itself says: also when the app is not there to tell.'
    severity: 1
    enabled: true
    scopes: [busId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-letters'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'DeadletteredMessages'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Maximum'
        }
      ]
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}

resource busWaiting 'Microsoft.Insights/metricAlerts@2026-01-01' = if (transport == 'servicebus') {
  name: 'hearthline-${environmentName}-bus-waiting'
  location: 'global'
  tags: tags
  properties: {
    description: 'Many messages wait: the app is not there, or something that it waits for is not.'
    severity: 2
    enabled: true
    scopes: [busId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'waiting'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'ActiveMessages'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          operator: 'GreaterThan'
          threshold: waitingMessages
          timeAggregation: 'Average'
        }
      ]
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}

@description('Resource id of the action group, for alerts that stand beside what they watch.')
output peopleId string = people.id
