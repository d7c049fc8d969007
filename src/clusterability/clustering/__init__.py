"""Partitions of weight matrices: spectral embedding, k-means and the clustering methods.

`catalogue` lists the methods. Each method is a module of `methods`.
"""
