"""Figures of a study, one module each: `make(inputs, item, study)` gives the figure and its rows.

`rows` makes the table of exactly what is plotted, `draw` draws it and reads nothing else (only
`weights` also takes the matrices that it pictures). `style` holds what all figures share.
"""
