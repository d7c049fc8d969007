"""Training of networks from a recipe: images, initialisation, the loop, checkpoints, pruning."""
