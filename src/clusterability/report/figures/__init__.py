"""Figures of a study, one module each: `make(inputs, item, study)` returns the figure and its rows.

`rows` returns a table of exactly what is plotted; `draw` uses that table alone (only `weights` also
takes the matrices that it shows). `style` holds what all figures share.
"""
