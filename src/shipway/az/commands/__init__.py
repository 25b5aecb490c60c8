"""One az command group per file; az/all_commands.py lists them."""
