"""What the pipeline costs: measured beside DuckDB itself and beside what else one could use, on the same orders."""
