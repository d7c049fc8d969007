"""Ways from a spectral embedding to a partition, one module a method: `partition(problem)`."""
