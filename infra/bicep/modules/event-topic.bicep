// One Event Grid system topic, with the identity by which it delivers: its own. An identity of ours would do only
// as long as storage has no firewall, https://learn.microsoft.com/azure/event-grid/handler-storage-queues.
// Deployed once for the FHIR workspace and once for Communication Services, beside what it listens to.

@description('Region of the topic: that of its source, or "global".')
param location string

@description('Tags of the topic.')
param tags object

@description('Name of the topic. A source has one topic: name the one that exists, if it does.')
param topicName string

@description('Resource id of the source.')
param sourceId string

@description('Kind of the source.')
@allowed(['Microsoft.HealthcareApis.Workspaces', 'Microsoft.Communication.CommunicationServices'])
param topicType string

@description('Resource id of the Log Analytics workspace that failed deliveries are told to.')
param workspaceId string

@description('Resource id of the action group of those who are told when events could not be delivered.')
param peopleId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    source: sourceId
    topicType: topicType
  }
}

resource ofTopic 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'hearthline'
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'DeliveryFailures'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

// "hearthline replay" puts them back; docs/operations.md, "Dead letters".
resource undelivered 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: '${topicName}-undelivered'
  location: 'global'
  tags: tags
  properties: {
    description: 'Events could not be delivered for a day, and are in the container dead-letters.'
    severity: 1
    enabled: true
    scopes: [topic.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'undelivered'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'DeadLetteredCount'
          metricNamespace: 'Microsoft.EventGrid/systemTopics'
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Total'
        }
      ]
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: peopleId
      }
    ]
  }
}

@description('Object id of the identity of the topic, to which roles are assigned.')
output principalId string = topic.identity.principalId
