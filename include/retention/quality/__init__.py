"""Checks of landed and published data with Great Expectations over DuckDB.

Importing this package is cheap: Great Expectations itself is imported only where checks run (`checks`, `worker`).
"""

from retention.quality.results import (
    CheckResult,
    failed_check_lines,
)
from retention.quality.worker import QualityWorker

__all__ = ["CheckResult", "QualityWorker", "failed_check_lines"]
