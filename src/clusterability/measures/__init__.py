"""From arrays to numbers: how good a partition is, by its weights and by what its units do.

`catalogue` names the structural measures, `function_catalogue` those of what units do. Modules of
`added` hold one measure each.
"""
