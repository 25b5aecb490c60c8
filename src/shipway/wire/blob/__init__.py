"""Blob storage routes and shapes."""
