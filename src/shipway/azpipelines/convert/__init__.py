"""Expanded tokens to a plan: legal keys, shorthands, inheritance; one file per noun."""
