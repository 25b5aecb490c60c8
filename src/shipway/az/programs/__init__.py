"""What the resident can become: one module per program, each with `main(arguments) -> int`."""
