"""Changes of strategy as models see them: a decision is about what was proposed, and known from its day on."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from tests.models.compiled_project import CompiledProject

MAY, JUNE = (datetime.fromisoformat(f"2024-0{month}-02T11:00:00") for month in (5, 6))
OPEN: dict[str, Any] = {
    "changed_on": date(2024, 5, 1), "scheme": "value_sabc", "tier": "A", "description": "a call", "approver": None,
    "approved_at": None, "decision": None, "decided_by": None, "decided_at": None,
}  # fmt: skip
APPROVED = {"decision": "approved", "decided_by": "Li Na", "decided_at": MAY, "approver": "Li Na", "approved_at": MAY}
VERSIONS = [
    ("delivered approved", {"approver": "director", "approved_at": MAY}),
    ("open", {}),
    ("approved", {}), ("approved", APPROVED),
    ("delivered again", {}), ("delivered again", APPROVED), ("delivered again", {}),
    ("changed since", {}), ("changed since", APPROVED), ("changed since", {"description": "two calls"}),
    ("rejected", {}), ("rejected", {"decision": "rejected", "decided_by": "Li Na", "decided_at": MAY}),
    ("approved later", {}), ("approved later", {**APPROVED, "decided_at": JUNE, "approved_at": JUNE}),
    ("to come", {"changed_on": date(2024, 7, 1)}),
]  # fmt: skip
EXPECTED = {
    "delivered approved": ("approved", "director", MAY),
    "open": (None, None, None),
    "approved": ("approved", "Li Na", MAY),
    "delivered again": ("approved", "Li Na", MAY),
    "changed since": (None, None, None),
    "rejected": ("rejected", None, None),
    "approved later": (None, None, None),
}


def test_a_decision_is_about_what_was_proposed_and_known_from_its_day_on(project: CompiledProject) -> None:
    rows = [
        {**OPEN, **more, "change_id": name, "_load_seq": number, "_line_no": 1}
        for number, (name, more) in enumerate(VERSIONS, start=1)
    ]
    raw = {"strategy_changes": pd.DataFrame(rows)}
    with project.build(raw, as_of=date(2024, 5, 31), models=["stg_strategy_changes"]) as connection:
        found = connection.execute(
            "select change_id, decision, approver, approved_at from staging.stg_strategy_changes"
        ).fetchall()
    assert {name: tuple(rest) for name, *rest in found} == EXPECTED
