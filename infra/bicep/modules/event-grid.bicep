// One Event Grid system topic and its subscription, delivering onto one of our queues.
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

@description('Types of events that are delivered.')
@minLength(1)
param eventTypes array

@description('How subjects of delivered events begin; empty for all.')
param subjectBeginsWith string

@description('Resource id of the identity by which Event Grid delivers; its roles must be there.')
param identityId string

@description('What carries messages: where the queue is.')
@allowed(['storage', 'servicebus'])
param transport string

@description('Name of the queue.')
param queueName string

@description('Resource id of the Service Bus namespace; not read where storage queues carry messages.')
param busId string

@description('Resource id of the storage account, with the container for dead letters.')
param storageId string

@description('Resource id of the Log Analytics workspace that failed deliveries are told to.')
param workspaceId string

@description('Resource id of the action group of those who are told when events could not be delivered.')
param peopleId string

var destinations = {
  storage: {
    endpointType: 'StorageQueue'
    properties: {
      resourceId: storageId
      queueName: queueName
      queueMessageTimeToLiveInSeconds: 1209600
    }
  }
  servicebus: {
    endpointType: 'ServiceBusQueue'
    properties: {
      resourceId: '${busId}/queues/${queueName}'
    }
  }
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    source: sourceId
    topicType: topicType
  }
}

resource subscriptionToQueue 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'hearthline-${queueName}'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    deliveryWithResourceIdentity: {
      identity: {
        type: 'UserAssigned'
        userAssignedIdentity: identityId
      }
      destination: destinations[transport]
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'UserAssigned'
        userAssignedIdentity: identityId
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: storageId
          blobContainerName: 'dead-letters'
        }
      }
    }
    filter: {
      includedEventTypes: eventTypes
      subjectBeginsWith: subjectBeginsWith
      isSubjectCaseSensitive: false
    }
    // A day of trying, then the dead letters: `hearthline replay` puts them back.
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
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
