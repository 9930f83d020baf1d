"""`retention strategy`: proposed, decided by a person, on record; a delivery does not undo a decision."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retention import cli
from retention.errors import NotThereError, SettingsError
from retention.landing import Delivery, committed_loads, land_one, load_contracts
from retention.runs import Home, Run
from retention.settings import PROJECT_DIR
from retention.strategy import StrategyDesk, as_markdown, write_sheet
from retention.warehouse.candidate import prepare_candidate

CONTRACTS = load_contracts(PROJECT_DIR)
HEADER = "change_id,changed_on,scheme,tier,description,approver,approved_at\n"
DELIVERED = (
    "S1,2024-05-01,retention_abcd,A,a benefits report each quarter,director,2024-04-30 11:00:00\n"
    "S2,2024-05-10,retention_abcd,D,a coupon after 3 days,,\n"
)
MORE = "S3,2024-06-01,value_sabc,B,a call,,\n"


@pytest.fixture
def desk(home: Home) -> StrategyDesk:
    return StrategyDesk(home, PROJECT_DIR, CONTRACTS, "Asia/Shanghai")


def deliver(home: Home, name: str, rows: str) -> None:
    path = home.path.parent / f"{name}.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    land_one(home, Delivery(path, CONTRACTS["strategy_changes"], "csv"), timezone="Asia/Shanghai", source="crm")


def statuses(desk: StrategyDesk) -> dict[str, str]:
    return {one.change_id: one.status for one in desk.proposals()}


def audit_log(home: Home, new_run: Any) -> list[dict[str, Any]]:
    """The table as a run lays it."""
    run: Run = new_run("audited")
    pinned: dict[str, list[str]] = {}
    for load in committed_loads(home):
        pinned.setdefault(load["entity"], []).append(load["load_id"])
    with duckdb.connect(str(prepare_candidate(run, CONTRACTS, pinned)), read_only=True) as connection:
        result = connection.execute("from ops.audit_log")
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_what_a_source_delivers_without_an_approver_is_open_until_a_person_decides(
    desk: StrategyDesk, new_run: Any
) -> None:
    deliver(desk.home, "may", DELIVERED)
    assert statuses(desk) == {"S1": "approved", "S2": "open"}
    decided = desk.decide("S2", "approved", "Li Na", comment="for May", version=desk.proposal("S2").version)
    assert decided.is_new
    assert (decided.proposal.decided_by, decided.proposal.comment) == ("Li Na", "for May")
    assert not desk.decide("S2", "approved", "Li Na").is_new
    loads = len(committed_loads(desk.home))

    # The source delivers its table again, as it has it: that takes no decision back.
    deliver(desk.home, "june", DELIVERED + MORE)
    assert statuses(desk) == {"S1": "approved", "S2": "approved", "S3": "open"}
    # A proposal that was changed is another one.
    deliver(desk.home, "july", DELIVERED.replace("3 days", "7 days") + MORE)
    assert len(committed_loads(desk.home)) == loads + 2
    assert statuses(desk) == {"S1": "approved", "S2": "open", "S3": "open"}

    log = [one for one in audit_log(desk.home, new_run) if one["subject_id"] == "S2"]
    assert [(one["action"], one["actor"], one["note"]) for one in sorted(log, key=lambda one: one["load_seq"])] == [
        ("proposed", None, None), ("approved", "Li Na", "for May"), ("delivered_again", None, None),
        ("changed", None, None),
    ]  # fmt: skip
    approved = next(one for one in log if one["action"] == "approved")
    before, after = (json.loads(approved[side]) for side in ("before", "after"))
    assert (before["status"], after["status"]) == ("open", "approved")
    assert before["description"] == after["description"] == "a coupon after 3 days"
    assert approved["logged_at"] is not None


def test_a_rejection_is_kept_with_its_reason_and_names_no_approver(desk: StrategyDesk, new_run: Any) -> None:
    proposal = desk.propose("value_sabc", "C", " a newsletter ", "Wang Wei", date(2024, 6, 1))
    assert (proposal.status, proposal.description) == ("open", "a newsletter")
    rejected = desk.decide(proposal.change_id, "rejected", "Li Na", comment="too dear").proposal
    assert (rejected.status, rejected.decided_by, rejected.comment) == ("rejected", "Li Na", "too dear")
    with pytest.raises(SettingsError, match=r"was rejected by Li Na at .* retention withdraw"):
        desk.decide(proposal.change_id, "approved", "Li Na")
    log = audit_log(desk.home, new_run)
    assert [(one["action"], one["actor"]) for one in log] == [("proposed", "Wang Wei"), ("rejected", "Li Na")]
    with duckdb.connect() as connection:
        files = str(desk.home.raw / "strategy_changes" / "load=*" / "part.parquet")
        approvers = connection.execute(f"select distinct approver from read_parquet('{files}', union_by_name = true)")
        assert approvers.fetchall() == [(None,)]
    sheet = as_markdown(desk.home, rejected, "zh")
    assert sheet.startswith(f"# 策略调整审批表 {proposal.change_id}")
    assert "**审批结果**：驳回" in sheet
    assert [path.name for path in write_sheet(desk.home, rejected)] == [
        f"{proposal.change_id}-en.md", f"{proposal.change_id}-zh.md",
    ]  # fmt: skip


DECISIONS = {
    "label_reviews": """review_id,reviewed_at,customer_id,label,rule_version,status,reviewer,note
V1,2024-05-01 10:00:00,C1,quiet,aa11,rejected,Ann,not so
V2,2024-05-02 10:00:00,C1,quiet,aa11,confirmed,Bob,
""",
    "tier_decisions": """decision_id,review_id,scheme,customer_id,decided_at,decision,approver,note
D1,2024Q1,value_sabc,,2024-05-03 10:00:00,approved,Eve,as discussed
""",
    "identity_decisions": """decision_id,decided_at,action,customer_id,other_customer_id,reason,decided_by
I1,2024-05-04 10:00:00,merge,C1,C2,one person,Ann
""",
    "alert_decisions": """decision_id,decided_at,alert_id,action,effective_on,snoozed_until,decided_by,note
A1,2024-05-05 10:00:00,AL1,snooze,2024-05-05,2024-05-20,Bob,on holiday
A2,2024-05-06 10:00:00,AL1,close,2024-05-06,,Bob,called
""",
}
LOGGED = [
    ("2024-05-01", "Ann", "rejected", "C1/quiet/aa11", None, "not so"),
    ("2024-05-02", "Bob", "confirmed", "C1/quiet/aa11", "rejected", None),
    ("2024-05-03", "Eve", "approved", "2024Q1/value_sabc/*", None, "as discussed"),
    ("2024-05-04", "Ann", "merge", "C1/C2", None, "one person"),
    ("2024-05-05", "Bob", "snooze", "AL1", None, "on holiday"),
    ("2024-05-06", "Bob", "close", "AL1", "snooze", "called"),
]


def test_every_decision_of_a_person_stands_in_the_audit_log(home: Home, new_run: Any, tmp_path: Path) -> None:
    for entity, rows in DECISIONS.items():
        path = tmp_path / f"{entity}.csv"
        path.write_text(rows, encoding="utf-8")
        land_one(home, Delivery(path, CONTRACTS[entity], "csv"), timezone="Asia/Shanghai", source="people")
    log = audit_log(home, new_run)
    names = ("actor", "action", "subject_id", "before", "note")
    assert [(f"{one['logged_at']:%Y-%m-%d}", *(one[name] for name in names)) for one in log] == LOGGED
    assert [one["after"] for one in log] == [one["action"] for one in log]
    assert {one["load_id"] for one in log} == {load["load_id"] for load in committed_loads(home)}


def test_what_cannot_be_meant_is_refused_with_what_there_is(desk: StrategyDesk) -> None:
    with pytest.raises(SettingsError, match=r"Use one of .*value_sabc"):
        desk.propose("value_abc", "A", "x", "y")
    with pytest.raises(SettingsError, match="Use one of A, B, C, S"):
        desk.propose("value_sabc", "D", "x", "y")
    with pytest.raises(SettingsError, match="--description is empty"):
        desk.propose("value_sabc", "A", " ", "y")
    with pytest.raises(NotThereError, match="Open are: none"):
        desk.decide("S9", "approved", "Li Na")
    proposal = desk.propose("value_sabc", "A", "x", "y")
    with pytest.raises(SettingsError, match="is not what was shown"):
        desk.decide(proposal.change_id, "approved", "Li Na", version="00000000")
    with pytest.raises(SettingsError, match="Nobody is named"):
        desk.decide(proposal.change_id, "approved", " ")
    assert statuses(desk) == {proposal.change_id: "open"}


def test_the_command_line_proposes_lists_decides_and_shows(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    del tmp_path

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["retention", "strategy", *arguments, f"--home={home.path}"])
        cli.app(standalone_mode=False)
        return capsys.readouterr().out

    run("propose", "--scheme=value_sabc", "--tier=B", "--description=a call", "--by=Wang Wei", "--from=2024-05-01")
    [row] = json.loads(run("list", "--status=open", "--json"))
    assert "# Change of strategy" in row["markdown"]
    assert f"version {row['version']}" in run("show", row["change_id"])
    said = run("reject", row["change_id"], "--by=Li Na", "--comment=no", f"--version={row['version']}")
    assert "Recorded:" in said
    assert "rejected by Li Na" in said
    assert "Known already" in run("reject", row["change_id"], "--by=Li Na")
    assert "too" not in run("list")
    assert "-zh.md" in run("sheet", row["change_id"])
    with pytest.raises(SettingsError, match="There is no status"):
        run("list", "--status=done")
