"""One noun per file; no file knows both worlds."""
