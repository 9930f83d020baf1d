"""Companies that do not exist: made of a seed, the same every time."""

from retention.simulation.orders import Company, write_company, write_csv

__all__ = ["Company", "write_company", "write_csv"]
