"""Changes of strategy: proposed, approved or rejected by a person, and on record as loads (K2)."""

from retention.strategy.desk import APPROVED, OPEN, REJECTED, Decided, Proposal, StrategyDesk
from retention.strategy.sheet import as_markdown, write_sheet

__all__ = [
    "APPROVED",
    "OPEN",
    "REJECTED",
    "Decided",
    "Proposal",
    "StrategyDesk",
    "as_markdown",
    "write_sheet",
]
