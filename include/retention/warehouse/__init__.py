"""The warehouse: one writer at a time, a private candidate for each run, and the dbt build that fills it."""
