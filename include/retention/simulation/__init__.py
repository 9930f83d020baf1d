"""Companies that do not exist: made of a seed, the same every time."""

from retention.simulation.company import Company, Flaws
from retention.simulation.writing import write_company, write_csv

__all__ = ["Company", "Flaws", "write_company", "write_csv"]
