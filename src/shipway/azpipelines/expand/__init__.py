"""Template expansion: parameters, includes, directives."""
