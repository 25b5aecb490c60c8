"""Floor 2: rows and bytes without meaning: documents, journal, queue, timers, files, secrets."""
