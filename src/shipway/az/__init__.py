"""Stand-in for the Azure CLI where the real one is not installed; stands on the official SDKs."""
