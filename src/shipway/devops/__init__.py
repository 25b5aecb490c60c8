"""Floor 3: the Azure DevOps world: projects, repositories, definitions, runs, approvals."""
