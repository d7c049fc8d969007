"""From a matrix to a partition: spectral embedding, k-means, the methods that pair clusters.

`catalogue` names the methods; each is a module of `methods`.
"""
