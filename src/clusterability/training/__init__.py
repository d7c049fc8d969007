"""From a recipe to trained networks: images, initial weights, the loop, checkpoints, pruning."""
