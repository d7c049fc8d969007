"""Additional structural measures: `added/<name>.py` defines the function `<name>`.

A measure becomes available once `measures/catalogue.py` names it; see docs/extending.md.
"""
