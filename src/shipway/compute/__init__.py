"""Floor 5: the worker for Azure ML jobs and deployments."""
