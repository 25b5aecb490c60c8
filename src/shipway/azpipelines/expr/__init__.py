"""The expression language: lexer, parser, evaluator, one file per function."""
