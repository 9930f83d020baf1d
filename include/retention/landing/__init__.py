"""Landing: files read by their contracts into immutable raw Parquet, with every row accounted for."""
