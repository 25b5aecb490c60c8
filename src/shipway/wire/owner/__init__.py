"""The owner's API: what Azure's protocols do not say, for this machine's command line."""
