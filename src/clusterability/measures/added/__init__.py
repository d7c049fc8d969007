"""Structural measures in modules of their own: the function `<name>` of `added/<name>.py`.

A measure is available as soon as `measures/catalogue.py` names it. docs/extending.md adds one.
"""
