"""Presentation of a study: figures, the page of all networks, the paper, the answer in words."""
