"""Check results as rows and as lines."""

import json
from datetime import datetime

from retention.quality import CheckResult, failed_check_lines

MOMENT = datetime.fromisoformat("2024-07-01T09:00:00")
FILLED = CheckResult("customers", "completeness", "not_null", "phone", "0.7", ">= 0.9", False, "warning", MOMENT)
EMPTY = CheckResult("orders", "volume", "row_count", None, None, ">= 1", False, "critical", MOMENT)
FINE = CheckResult("orders", "freshness", "max", "ordered_at", "2024-06-30", ">= 2024-06-29", True, "warning", MOMENT)


def test_a_failed_check_is_one_line_with_what_to_do_and_the_critical_ones_come_first() -> None:
    assert failed_check_lines([FILLED, FINE, EMPTY]) == [
        "orders: volume found nothing, asked for >= 1 (look whether the source delivered, and up to which day)",
        "customers.phone: completeness found 0.7, asked for >= 0.9 "
        "(have the source fill the column, or set another share in the contract)",
    ]


def test_a_result_survives_json() -> None:
    assert CheckResult.from_dict(json.loads(json.dumps(EMPTY.as_dict()))) == EMPTY
