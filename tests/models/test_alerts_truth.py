"""Churn alerts against the truth of a simulated company: who had left for good, beside two naive rules."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.models.test_churn_risk_truth import delivered

from retention.simulation import Company, Flaws, write_company

if TYPE_CHECKING:
    from pathlib import Path

    from tests.models.compiled_project import CompiledProject

AS_OF = date(2025, 12, 31)
ENTITIES = ("customers", "orders", "returns", "interactions", "tickets", "surveys", "touches")
MODELS = ("int_alert_spans", "int_customer_signals")
# At the month-ends that are over, of the active customers: who was flagged, and who had left for good by then.
FLAGS = """
    create table judged as
    select signals.customer_id, signals.snapshot_on as month_end,
        coalesce(lives.true_churn_date <= signals.snapshot_on, false) as is_gone,
        signals.snapshot_on - signals.last_purchase_on as silent_days, signals.cadence_ratio
    from intermediate.int_customer_signals as signals
    inner join read_parquet('{truth}/customers.parquet') as lives on signals.customer_id = lives.true_customer_id
    where signals.is_month_end and signals.is_mature and signals.is_active;
    create table flags as
    select spans.rule_id, judged.* from judged
    inner join intermediate.int_alert_spans as spans
        on spans.customer_id = judged.customer_id and spans.opened_on <= judged.month_end
            and (spans.closed_on is null or spans.closed_on > judged.month_end)
    union all select 'naive_silent', * from judged where silent_days > 60
    union all select 'naive_cadence', * from judged where cadence_ratio > 3
"""
RATES = """
    select rule_id, count(*) as flagged, avg(is_gone::integer) as precision,
        count(*) filter (is_gone) / (select count(*) from judged where is_gone) as recall
    from flags group by rule_id
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2])
def test_silence_beyond_the_own_gap_finds_who_has_left(project: CompiledProject, tmp_path: Path, seed: int) -> None:
    """The alert on silence is right more often than long silence alone, and than the gap alone without a least silence.

    Its 45 days were chosen on another company (seed 7); docs/metrics.md has the figures of several.
    """
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    company = Company(customers=1500, months=27, seed=seed, flaws=Flaws(bad=0, duplicates=0))
    write_company(company, landing, truth=truth, threads=1, memory_limit="1GB", progress=lambda _: None)
    raw = {entity: delivered(landing, entity) for entity in ENTITIES}
    with project.build(raw, as_of=AS_OF, models=MODELS, profile="default_b2b") as connection:
        connection.execute(FLAGS.format(truth=truth))
        rates = {rule: (flagged, right, found) for rule, flagged, right, found in connection.sql(RATES).fetchall()}
        [(base,)] = connection.sql("select avg(is_gone::integer) from judged").fetchall()
    own = rates["W4.purchase_frequency"]
    assert own[0] > 100
    assert own[1] > 2 * base, "who is flagged has left twice as often as any active customer"
    assert own[1] > rates["naive_silent"][1]
    assert rates["W2"][1] > base
