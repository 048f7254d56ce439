metadata description = 'A topic with its subscriptions and their rules.'

param namespaceName string
param name string
param properties object
param subscriptions array

var rules = flatten(map(
  subscriptions,
  subscription => map(subscription.?Rules ?? [], rule => { subscription: subscription.Name, rule: rule })
))

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource topic 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' = {
  parent: namespace
  name: name
  properties: {
    defaultMessageTimeToLive: properties.DefaultMessageTimeToLive
    requiresDuplicateDetection: properties.RequiresDuplicateDetection
    duplicateDetectionHistoryTimeWindow: properties.DuplicateDetectionHistoryTimeWindow
  }
}

resource subscription 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' = [
  for one in subscriptions: {
    parent: topic
    name: one.Name
    properties: union(
      {
        lockDuration: one.Properties.LockDuration
        maxDeliveryCount: one.Properties.MaxDeliveryCount
        requiresSession: one.Properties.RequiresSession
        defaultMessageTimeToLive: one.Properties.DefaultMessageTimeToLive
        deadLetteringOnMessageExpiration: one.Properties.DeadLetteringOnMessageExpiration
      },
      empty(one.Properties.?ForwardTo) ? {} : { forwardTo: one.Properties.ForwardTo },
      empty(one.Properties.?ForwardDeadLetteredMessagesTo)
        ? {}
        : { forwardDeadLetteredMessagesTo: one.Properties.ForwardDeadLetteredMessagesTo }
    )
  }
]

resource rule 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2024-01-01' = [
  for one in rules: {
    name: '${namespaceName}/${name}/${one.subscription}/${one.rule.Name}'
    properties: one.rule.Properties.FilterType == 'Sql'
      ? { filterType: 'SqlFilter', sqlFilter: { sqlExpression: one.rule.Properties.SqlFilter.SqlExpression } }
      : {
          filterType: 'CorrelationFilter'
          correlationFilter: {
            contentType: one.rule.Properties.CorrelationFilter.?ContentType
            correlationId: one.rule.Properties.CorrelationFilter.?CorrelationId
            label: one.rule.Properties.CorrelationFilter.?Label
            messageId: one.rule.Properties.CorrelationFilter.?MessageId
            properties: one.rule.Properties.CorrelationFilter.?Properties
            replyTo: one.rule.Properties.CorrelationFilter.?ReplyTo
            replyToSessionId: one.rule.Properties.CorrelationFilter.?ReplyToSessionId
            sessionId: one.rule.Properties.CorrelationFilter.?SessionId
            to: one.rule.Properties.CorrelationFilter.?To
          }
        }
    dependsOn: [subscription]
  }
]
