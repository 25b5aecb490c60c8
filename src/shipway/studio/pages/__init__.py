"""One page family per file; studio/table.py lists them."""
