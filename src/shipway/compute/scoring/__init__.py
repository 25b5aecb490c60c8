"""Scripts that run in a deployment's own Python, never in shipway's; named by their path."""
