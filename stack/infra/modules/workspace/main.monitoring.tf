resource "azurerm_monitor_action_group" "this" {
  name                = "ag-ml-${var.environment}"
  short_name          = "ml-${var.environment}"
  resource_group_name = azurerm_resource_group.this.name
  tags                = var.tags

  dynamic "webhook_receiver" {
    for_each = var.notify_webhook == "" ? [] : [var.notify_webhook]

    content {
      name                    = "webhook"
      service_uri             = webhook_receiver.value
      use_common_alert_schema = true
    }
  }

  dynamic "email_receiver" {
    for_each = var.alert_emails

    content {
      name                    = "email-${email_receiver.key}"
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

# A schedule's job fails without a pipeline that could say so.
resource "azurerm_monitor_metric_alert" "failed_runs" {
  name                = "alert-failed-runs-${var.environment}"
  description         = "A training job of ${local.workspace_name} failed."
  resource_group_name = azurerm_resource_group.this.name
  scopes              = [azurerm_machine_learning_workspace.this.id]
  severity            = 2
  frequency           = "PT1M"
  window_size         = "PT5M"
  tags                = var.tags

  criteria {
    metric_namespace = "Microsoft.MachineLearningServices/workspaces"
    metric_name      = "Failed Runs"
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 0
  }

  action {
    action_group_id = azurerm_monitor_action_group.this.id
  }
}

resource "azurerm_consumption_budget_resource_group" "this" {
  name              = "budget-ml-${var.environment}"
  resource_group_id = azurerm_resource_group.this.id
  amount            = var.budget_amount
  time_grain        = "Monthly"

  time_period {
    start_date = formatdate("YYYY-MM-01'T'00:00:00Z", plantimestamp())
  }

  notification {
    operator       = "GreaterThanOrEqualTo"
    threshold      = 80
    threshold_type = "Actual"
    contact_groups = [azurerm_monitor_action_group.this.id]
    contact_emails = var.alert_emails
  }

  notification {
    operator       = "GreaterThanOrEqualTo"
    threshold      = 100
    threshold_type = "Forecasted"
    contact_groups = [azurerm_monitor_action_group.this.id]
    contact_emails = var.alert_emails
  }

  lifecycle {
    # the month in which it was made; Azure takes no other and no change of it
    ignore_changes = [time_period]
  }
}
