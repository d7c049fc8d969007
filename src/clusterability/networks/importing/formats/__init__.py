"""Formats that need an optional package, or more than one module."""
