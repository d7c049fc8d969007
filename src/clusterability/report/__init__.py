"""What a reader sees: figures, the page of all networks, the paper, the answer in words."""
