"""One file per expression function; table.py lists them."""
