"""The resource types of each provider."""
