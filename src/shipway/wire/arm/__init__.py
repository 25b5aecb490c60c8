"""ARM routes and shapes."""
