"""Measures of how good a partition is, by its weights and by the behaviour of its units.

`catalogue` lists the structural measures, `function_catalogue` those of activations and ablations.
Modules of `added` hold one measure each.
"""
