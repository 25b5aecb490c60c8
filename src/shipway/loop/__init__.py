"""Floor 5: the river. One file per station; reactor.py maps each event to its station."""
