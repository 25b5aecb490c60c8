# Everything in which dev differs. Terraform (infra/) reads it and writes the variable group ml-dev.
environment   = "dev"
deploy_branch = "develop"
location      = "westeurope"

# sizes
compute_name      = "cpu-cluster"
compute_vm_size   = "Standard_DS3_v2"
compute_max_nodes = 2
instance_type     = "Standard_DS3_v2"

# the model
model_name    = "flight-delay"
endpoint_name = "flight-delay-dev" # at most 32 characters, unique in the region
auc_threshold = 0.68

# releases
approvers         = []             # user principal names; nobody approves a run of their own
approver_group    = "Contributors" # of the project; empty once approvers are named
minimum_approvers = 1
step_seconds      = 60
retrain_frequency = "day"
retrain_interval  = 1
registry_name     = "none" # an Azure ML registry to share components through

# the repository
project_name      = "flights"
create_project    = true # one environment owns project and repository, the others find them
repository_type   = "TfsGit"
repository_name   = "flights"
protect_branch    = false # pull requests only, reviewed and validated
minimum_reviewers = 1

# notice
notify_webhook = "" # hears of failed runs and of alerts
alert_emails   = []
budget_amount  = 100
