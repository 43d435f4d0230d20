// The subscription to one Event Grid system topic, which delivers onto one of our queues as the topic's identity.
// Its roles must be there before: Event Grid tries whether it may.

@description('Name of the topic.')
param topicName string

@description('Types of events that are delivered.')
@minLength(1)
param eventTypes array

@description('How subjects of delivered events begin; empty for all.')
param subjectBeginsWith string

@description('What carries messages: where the queue is.')
@allowed(['storage', 'servicebus'])
param transport string

@description('Name of the queue.')
param queueName string

@description('Resource id of the Service Bus namespace; not read where storage queues carry messages.')
param busId string

@description('Resource id of the storage account, with the container for dead letters.')
param storageId string

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

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource subscriptionToQueue 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'hearthline-${queueName}'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    deliveryWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      destination: destinations[transport]
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
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
