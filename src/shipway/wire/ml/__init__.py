"""Azure ML routes and shapes."""
