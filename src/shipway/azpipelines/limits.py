"""Every size and depth limit of the language.

The numbers are those that the service prints when they are passed; the expression limits are
those of its published expression engine.
"""

MAX_FILE_BYTES = 1_048_576
"""One YAML file (the service: "Maximum file size of 1048576 bytes exceeded")."""

MAX_FILES = 100
"""Files that one compilation may load, the entry file included."""

MAX_DEPTH = 100
"""Nesting of YAML nodes, templates included; an include cycle ends here."""

MAX_PARSER_EVENTS = 10_000_000
"""YAML events over all files of one compilation."""

MAX_RESULT_BYTES = 20_971_520
"""Memory of the expanded document; here: characters of text in it."""

MAX_EXPRESSION_DEPTH = 50
"""Nesting of one expression."""

MAX_EXPRESSION_LENGTH = 21_000
"""Characters of one expression."""

MAX_ITEMS_LOOKED_AT = 10_000_000
"""Items that all expressions of one compilation go through; a text counts by its length."""

MAX_MACRO_DEPTH = 50
"""Nesting of $(macro) in a set of variables."""

MAX_DIAGNOSTICS = 200
"""Diagnostics kept of one compilation, so that broken input cannot fill memory."""

MAX_PRINTED_ERRORS = 10
"""Errors of reading and expanding that the service prints; the rest it leaves out."""

MAX_PRINTED_LENGTH = 500
"""Characters that the service prints of one of them."""

MAX_NAME_LENGTH = 100
"""Characters of a stage, job, step or matrix leg name."""

MAX_MATRIX_LEGS = 256
"""Legs of one matrix or slices of one `parallel`."""
