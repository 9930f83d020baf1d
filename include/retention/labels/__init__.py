"""Behaviour labels in the hands of people: lists to judge them in, and what was judged, as loads (B)."""

from retention.labels.importing import Taken, import_labels
from retention.labels.lists import Wanted, count_labels, export_labels
from retention.labels.standing import ReviewDesk

__all__ = ["ReviewDesk", "Taken", "Wanted", "count_labels", "export_labels", "import_labels"]
