"""What is clustered: stacked weights and their files, graphs, scalings, random matrices."""
