"""Entra and Microsoft Graph routes and shapes."""
