"""Azure DevOps routes and shapes."""
