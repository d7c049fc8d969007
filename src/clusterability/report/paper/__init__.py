"""From a study's results to what a paper takes: figures, tables, numbers, methods, a manifest.

Everything is made of tables and figures that exist; nothing is computed anew. The same rows give
the same bytes.
"""
