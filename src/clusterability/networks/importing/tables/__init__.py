"""Tables as people keep them: text, Parquet, data frames, lists of edges, Matrix Market."""
