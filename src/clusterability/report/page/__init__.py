"""One page to look at every network of a study: its weights, clusters, scores and ablations.

packing: numbers as text; grid: axes of arrays; page_data: what a network has in the study's files;
cluster_arrays: what single clusters have in its tables; across_seeds: what of networks means the
same in all seeds; first_shuffle: a draw of the null to look at beside a network; single_draws: what
measures say of each draw; words, axis_words: what the page says of values, methods, nulls and
measures; template: the page's HTML, CSS and JavaScript, which lie in `web`; page: what goes on the
page, and the page itself.
"""
