"""One page to look at every network of a study: its weights, clusters, scores and ablations.

packing: numbers as text; reading: what a network has in the study's files; words: what the page
says of measures; page: what goes on the page, and the page itself, from explore.html.
"""
