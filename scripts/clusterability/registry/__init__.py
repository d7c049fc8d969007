"""What a study can ask for by name: a new measure, method, null or figure is a line here.

Imports nothing that takes long: Snakemake reads this at every start, and a name is known before
what it stands for is loaded. One module a kind, so that a new measure clusters nothing again.
docs/extending.md adds one of each, step by step.
"""
