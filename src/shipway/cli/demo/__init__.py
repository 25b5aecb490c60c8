"""What `shipway demo` does, one act per file."""
