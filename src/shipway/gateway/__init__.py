"""Floor 7: the front door: local CA, TLS, CONNECT proxy, endpoint router."""
