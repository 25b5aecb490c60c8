"""Composition root: builds everything once, starts workers and HTTP."""
