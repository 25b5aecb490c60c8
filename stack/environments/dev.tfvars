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
approvers         = [] # user principal names; none of them may approve a run of their own alone
minimum_approvers = 1
step_seconds      = 60
retrain_frequency = "day"
retrain_interval  = 1
notify_webhook    = ""     # where a failed run is reported
registry_name     = "none" # an Azure ML registry to share components through
