"""Null models that measures are compared with, one module each.

The random stream of a draw is named by condition, seed, layer, null and draw number. It does not
depend on the block of networks in which the draw is computed.
"""
