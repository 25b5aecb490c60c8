"""Floor 3: the parts of Azure under both worlds: ARM, Entra, blob storage."""
