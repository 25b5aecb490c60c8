"""Floor 5: the worker for Azure DevOps jobs: polls the queue, reports to the journal."""
