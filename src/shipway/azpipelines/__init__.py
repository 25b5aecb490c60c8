"""Floor 2: the Azure Pipelines language as a pure library: text in, plan out."""
