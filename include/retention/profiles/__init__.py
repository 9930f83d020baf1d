"""Whether a profile's cut-offs fit a company, and which would."""

from retention.profiles.coverage import Band, Coverage, coverage, read_bands
from retention.profiles.silence import ChurnWindow, Silence, churn_window
from retention.profiles.suggestion import Suggestion, suggest

__all__ = [
    "Band",
    "ChurnWindow",
    "Coverage",
    "Silence",
    "Suggestion",
    "churn_window",
    "coverage",
    "read_bands",
    "suggest",
]
