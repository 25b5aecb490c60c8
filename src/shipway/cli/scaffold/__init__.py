"""Copies the stack as a new repository."""
