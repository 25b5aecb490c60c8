"""HTTP client for the command line and the providers; stands on base only."""
