"""Entra: users, applications, service principals, credentials, tokens."""
