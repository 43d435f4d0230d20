// Where logs, metrics and traces go: a Log Analytics workspace and Application Insights in front of it.
// Neither takes keys: telemetry comes with an Entra token (Monitoring Metrics Publisher, in roles.bicep).

@description('Region of the workspace and of Application Insights.')
param location string

@description('Tags of both.')
param tags object

@description('Name of the Log Analytics workspace.')
param workspaceName string

@description('Name of the Application Insights component.')
param insightsName string

@description('How many days logs are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Most that is taken in a day, in GB; -1 is no limit. What comes after it is lost.')
param dailyQuotaGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyQuotaGb
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
    // Addresses of who follows a link stay masked.
    DisableIpMasking: false
  }
}

@description('Resource id of the Log Analytics workspace.')
output workspaceId string = workspace.id

@description('Resource id of Application Insights.')
output insightsId string = insights.id
