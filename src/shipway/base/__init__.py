"""Floor 1: clock, ids, errors, machine, process, home, config. Imports nothing of shipway."""
