"""Files of networks that were trained elsewhere: a reader a kind of file.

Reading one never runs code from the file; docs/your-own-matrix.md shows a study of one.
"""
