"""Readers for files of networks that were trained elsewhere, one per format.

Reading never runs code from a file. docs/your-own-matrix.md shows a study of such a file.
"""
