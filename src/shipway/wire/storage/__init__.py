"""The queue, table and file services of storage accounts: their properties, and nothing else."""
