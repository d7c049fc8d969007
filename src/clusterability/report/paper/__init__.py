"""Files for a paper, from a study's results: figures, tables, numbers, methods, a manifest.

Everything comes from existing tables and figures; nothing is recomputed. Equal rows give equal
bytes.
"""
