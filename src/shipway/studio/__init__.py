"""Floor 6: server-rendered pages for people."""
