"""Microsoft Graph: applications, service principals, users, groups."""
