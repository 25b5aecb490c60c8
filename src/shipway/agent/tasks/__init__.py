"""Pipeline tasks, one file each; agent/all_tasks.py lists them."""
