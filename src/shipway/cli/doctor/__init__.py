"""One check per file; all_checks.py lists them."""
