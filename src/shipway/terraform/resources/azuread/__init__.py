"""Resources and data sources of azuread: applications, service principals, groups, users."""
