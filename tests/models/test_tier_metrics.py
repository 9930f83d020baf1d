"""The metrics that tier rules ask beside RFM equal an independent computation, at every snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR
from tests.models.expected_metrics import COUNTS, expected_metrics
from tests.models.random_companies import moved_to_days, random_company
from tests.models.random_engagement import with_engagement
from tests.models.test_customer_rfm import SEGMENTS, build

if TYPE_CHECKING:
    from tests.models.compiled_project import CompiledProject

# What no rule asks for is not computed.
ASKED = "".join(path.read_text(encoding="utf-8") for path in sorted(PROJECT_DIR.glob("seeds/*_rules.csv")))
NUMBERS = [
    "avg_order_value_12m",
    "discount_share_12m",
    "predicted_value_12m",
    "preferred_category_share",
    *COUNTS,
    "interactions_change_rate",
    "days_since_last_interaction",
    *(["complaints_12m"] if "complaints_12m" in ASKED else []),
    "satisfaction_score",
    "satisfaction_change",
]
COLUMN_OF = {"interactions_12m:enquiry": "interactions_12m__4e9d8c97"}  # by md5 of what stands behind the colon


@pytest.mark.parametrize("seed", range(1, 32, 5))
def test_metrics_equal_an_independent_computation(project: CompiledProject, seed: int) -> None:
    company = with_engagement(random_company(seed), seed)
    connection = build(project, company, "int_customer_metrics")
    days = [day for (day,) in connection.sql("select snapshot_on from intermediate.int_snapshot_dates").fetchall()]
    if seed % 2:
        company = moved_to_days(company, days, seed)
        connection = build(project, company, "int_customer_metrics")
    found = connection.sql("select * from intermediate.int_customer_metrics").df()
    seen = set()
    for day, described in found.groupby("snapshot_on"):
        expected = expected_metrics(company, SEGMENTS, pd.Timestamp(str(day)).date())
        rows = described.set_index("customer_id").reindex(expected.index)
        for metric in NUMBERS:
            values = rows[COLUMN_OF.get(metric, metric)].astype("float64")
            # Half a unit of the last decimal that is kept.
            within = 0.5001 * 10 ** -(2 if metric.endswith("value_12m") else 6)
            within += 0.5e-6 if metric == "satisfaction_change" else 0  # the difference of two rounded means
            pd.testing.assert_series_equal(
                values,
                expected[metric].astype("float64"),
                check_names=False,
                atol=within,
                rtol=0,
                obj=f"{metric} {day}",
            )
            seen |= {metric} if values.notna().any() else set()
        for text in ("preferred_category", "need_tags", "customer_type"):
            assert rows[text].fillna("").tolist() == expected[text].fillna("").tolist(), (text, day)
    if seed % 4 and len(found) > 50:
        assert seen == set(NUMBERS), "every metric should have a value somewhere"
