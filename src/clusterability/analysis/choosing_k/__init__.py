"""Number of clusters of a layer: by the largest z over k, and by saved bits."""
