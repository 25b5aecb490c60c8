"""Floor 4: the Azure ML world: workspaces, assets, jobs, endpoints."""
