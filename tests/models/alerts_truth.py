"""What the churn alerts are worth by the truth of simulated companies, as a table for docs/metrics.md.

By hand, some minutes for three companies: .venv/bin/python -m tests.models.alerts_truth 1 2 3
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.models.compiled_project import CompiledProject
from tests.models.test_churn_risk_truth import delivered

from retention.simulation import Company, Flaws, write_company

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AS_OF = date(2025, 12, 31)
ENTITIES = ("customers", "orders", "returns", "interactions", "tickets", "surveys", "touches")
MODELS = ("int_alert_spans", "int_customer_signals")
EVERYBODY = "everybody active"
TOLD = {
    "W4.purchase_frequency": "`W4.purchase_frequency`",
    "naive_silent": "naive: silent for more than 60 days",
    "naive_cadence": "naive: silent for more than 3 own gaps",
    "W2": "`W2`",
    EVERYBODY: "everybody active",
}
# At the month-ends that are over, of the active customers: who was flagged, who had left for good by then, and who
# bought nothing within active_window_days after it, which is what alert_backtest counts.
FLAGS = """
    create table judged as
    select signals.customer_id, signals.snapshot_on as month_end, signals.is_silent_after,
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
    union all select '{everybody}', * from judged
"""
COUNTS = """
    select rule_id, count(*), count(*) filter (is_gone), count(*) filter (is_silent_after) from flags group by rule_id
"""


@dataclass(frozen=True)
class Flagged:
    """Customers that a rule flagged at month-ends.

    Attributes:
        gone: those of them who had left for good.
        silent: those who bought nothing afterwards.
    """

    flagged: int = 0
    gone: int = 0
    silent: int = 0

    def __add__(self, other: Flagged) -> Flagged:
        return Flagged(self.flagged + other.flagged, self.gone + other.gone, self.silent + other.silent)

    @property
    def precision(self) -> float:
        """Share of them who had left."""
        return self.gone / self.flagged

    def recall(self, everybody: Flagged) -> float:
        """Share of all who had left that is among them."""
        return self.gone / everybody.gone


def flagged_by_rule(project: CompiledProject, folder: Path, seed: int) -> dict[str, Flagged]:
    """Who was flagged in a simulated company of 1,500 customers and 27 months, by rule; EVERYBODY for all."""
    landing, truth = folder / "landing", folder / "truth"
    company = Company(customers=1500, months=27, seed=seed, flaws=Flaws(bad=0, duplicates=0))
    write_company(company, landing, truth=truth, threads=1, memory_limit="1GB", progress=lambda _: None)
    raw = {entity: delivered(landing, entity) for entity in ENTITIES}
    with project.build(raw, as_of=AS_OF, models=MODELS, profile="default_b2b") as connection:
        connection.execute(FLAGS.format(truth=truth, everybody=EVERYBODY))
        return {rule: Flagged(*counts) for rule, *counts in connection.sql(COUNTS).fetchall()}


def table(found: Mapping[str, Flagged]) -> Iterator[str]:
    """The rows of docs/metrics.md."""
    yield "| Rule | Flagged | Precision | Recall | Bought nothing in 90 days |"
    yield "|---|---|---|---|---|"
    for rule, told in TOLD.items():
        one = found[rule]
        rates = (one.precision, one.recall(found[EVERYBODY]), one.silent / one.flagged)
        yield f"| {told} | {one.flagged:,} | {' | '.join(f'{rate:.2f}'.lstrip('0') for rate in rates)} |"


def main(*seeds: str) -> None:
    """Print the table of the companies of these seeds together."""
    found: dict[str, Flagged] = defaultdict(Flagged)
    with TemporaryDirectory() as folder:
        project = CompiledProject(Path(folder) / "compiled")
        for seed in map(int, seeds):
            for rule, counts in flagged_by_rule(project, Path(folder) / str(seed), seed).items():
                found[rule] += counts
    sys.stdout.write("\n".join(table(found)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
