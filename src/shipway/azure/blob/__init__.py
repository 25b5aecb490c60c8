"""Blob storage: accounts, containers, blobs, leases."""
