"""Kinds of files that take a package of their own, or more than one module, to read."""
