"""Quarterly tier reviews: who would change tier, put before people, and in force once they have approved it (T)."""

from retention.reviews.deciding import APPROVED, REJECTED, Decided, decide
from retention.reviews.desk import Review, ReviewDesk
from retention.reviews.export import as_markdown, changes, moves, report_path, write_changes
from retention.reviews.opening import Opened, open_review

__all__ = [
    "APPROVED",
    "REJECTED",
    "Decided",
    "Opened",
    "Review",
    "ReviewDesk",
    "as_markdown",
    "changes",
    "decide",
    "moves",
    "open_review",
    "report_path",
    "write_changes",
]
