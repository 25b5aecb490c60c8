"""The resources and data sources of the provider azurerm."""
