"""Pipelines of a working tree: found, compiled without a server, and what is wrong with them."""
