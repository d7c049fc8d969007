"""What chance gives: random models that measures are compared with, one module a null.

The name of a draw's random stream holds condition, seed, layer, null and number of the draw, and
nothing of the block that it is computed in.
"""
