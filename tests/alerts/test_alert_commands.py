"""What people see of alerts, and what becomes of their decisions: once, by alert, from the release's day on."""

from __future__ import annotations

import csv
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner

from retention.alerts import AlertDesk, Wanted, export_alerts, list_alerts, list_backtest, show_alert
from retention.alerts.telling import basis_of
from retention.cli import app
from retention.errors import NotThereError, SettingsError
from retention.landing import committed_loads, load_contracts
from retention.settings import PROJECT_DIR

if TYPE_CHECKING:
    from pathlib import Path

    from retention.runs import Home

ALERTS = """
create schema marts;
create table marts.dim_labels as select * from (values
    ('alert_rule', 'W2', 'Purchases fall', '购买频次下降'), ('alert_status', 'open', 'Open', '处理中'),
    ('owner_role', 'service', 'Service', '客服')
) as t(code_set, code, name_en, name_zh);
create table marts.alerts as
select alert_id, rule_id, 'churn_warning' as alert_type, subject_type, subject_id, '' as occasion,
    if(subject_type = 'customer', subject_id, null) as customer_id, severity, status, opened_on,
    date '2024-03-31' as last_seen_on, closed_on, close_reason, 0 as times_reopened, null as reopened_from,
    if(status = 'closed', null, 'opened') as news, if(status = 'closed', null, opened_on) as new_on,
    null::date as snoozed_until, null::date as critical_on, 'purchase_drop_rate' as metric, 0.5::double as metric_value,
    0.3::double as threshold, 'rate' as unit, owner, owner_type, 'call_customer' as recommended_action,
    rule_id || ': because' as reason, value_at_stake, 1 as owner_rank, true as is_in_digest, null as digest_group,
    date '2024-03-31' as as_of_date
from (values
    ('aaaa0001', 'W2', 'customer', 'C1', 'warning', 'open', date '2024-03-01', null, null, 'kim',
        'account_owner', 10.0),
    ('aaaa0002', 'W2', 'customer', 'C2', 'warning', 'opened', date '2024-03-31', null, null, 'kim',
        'account_owner', 90),
    ('bbbb0003', 'W1', 'region', 'north', 'critical', 'open', date '2024-03-30', null, null, 'service', 'role', null),
    ('cccc0004', 'W2', 'customer', 'C3', 'warning', 'closed', date '2024-02-01', date '2024-03-02', 'recovered', 'eve',
        'account_owner', 5),
    ('cccc0005', 'W2', 'customer', '=1+1', 'notice', 'closed', date '2024-02-01', date '2024-03-02',
        'closed_by_person', 'eve', 'account_owner', 5)
) as t(alert_id, rule_id, subject_type, subject_id, severity, status, opened_on, closed_on, close_reason, owner,
    owner_type, value_at_stake);
create table marts.alert_backtest as select * from (values
    ('W2', date '2024-01-31', true, 0.3, 100, 10, 20, 5), ('W2', date '2024-02-29', true, 0.3, 100, 0, 20, 0),
    ('W2', date '2024-03-31', false, 0.3, 100, 50, null, null), ('idle', date '2024-01-31', true, 1, 100, 0, 20, 0)
) as t(rule_id, month_end, is_mature, threshold, customers, flagged, churned, true_positives);
"""
SPANS = """
create schema intermediate;
create table intermediate.int_alert_spans as select * from (values
    ('aaaa0001', 'W2', 'C1', '', date '2024-03-01', null, null, 1, '00000000'),
    ('00000000', 'W2', 'C1', '', date '2024-01-01', date '2024-02-20', 'recovered', 0, null),
    ('99999999', 'W2', 'C2', '', date '2024-01-01', date '2024-02-20', 'recovered', 0, null)
) as t(alert_id, rule_id, subject_id, occasion, opened_on, closed_on, close_reason, times_reopened, reopened_from);
"""


@pytest.fixture
def desk(home: Home) -> AlertDesk:
    """A desk over a release with five alerts, as of the end of March 2024."""
    release = home.releases / "one"
    release.mkdir(parents=True)
    for file, tables in (("retention.duckdb", ALERTS), ("warehouse.duckdb", SPANS)):
        with duckdb.connect(str(release / file)) as connection:
            connection.execute(tables)
    home.published.symlink_to(release)
    return AlertDesk(home, load_contracts(PROJECT_DIR), "Asia/Shanghai", "Li Na")


def ids(desk: AlertDesk, wanted: Wanted) -> list[str]:
    """IDs of the alerts listed."""
    return [row["alert_id"] for row in list_alerts(desk.home, wanted).rows]


def test_the_gravest_stand_first_then_the_most_valuable(desk: AlertDesk) -> None:
    assert ids(desk, Wanted()) == ["bbbb0003", "aaaa0002", "aaaa0001"]
    assert ids(desk, Wanted(owners=("kim",), statuses=("open",))) == ["aaaa0001"]
    assert ids(desk, Wanted(severities=("critical",), rules=("W1",))) == ["bbbb0003"]
    assert ids(desk, Wanted(statuses=("closed",), rules=("W2",))) == ["cccc0004", "cccc0005"]
    with pytest.raises(SettingsError, match="no severity 'grave'"):
        list_alerts(desk.home, Wanted(severities=("grave",)))
    with pytest.raises(NotThereError, match="No alert has the owner 'bob'"):
        list_alerts(desk.home, Wanted(owners=("bob",)))


def test_a_list_is_cut_and_says_so(desk: AlertDesk, tmp_path: Path) -> None:
    def said(*options: str) -> str:
        given = ["alerts", "list", "--home", str(desk.home.path), *options]
        return CliRunner().invoke(app, given, catch_exceptions=False).output

    assert [row["alert_id"] for row in list_alerts(desk.home, Wanted(), most=2).rows] == ["bbbb0003", "aaaa0002"]
    assert list_alerts(desk.home, Wanted(), most=2).total == 3
    assert said("--limit", "2").rstrip().endswith("2 of 3 alerts; --limit 0 for all.")
    assert "共3条预警，显示前1条" in said("--limit", "1", "--language", "zh")
    for options in (("--limit", "3"), ("--limit", "0"), ()):
        assert "--limit" not in said(*options)
    assert len(json.loads(said("--json"))) == 3
    assert said("--limit", "1", "--out", str(tmp_path / "a.csv")).startswith("1 alerts")


def test_names_come_in_the_language_asked_for(desk: AlertDesk, tmp_path: Path) -> None:
    [first, second, *_] = list_alerts(desk.home, Wanted(), "zh").rows
    assert (first["owner_name"], second["rule_name"], second["owner_name"]) == ("客服", "购买频次下降", "kim")
    assert export_alerts(desk.home, Wanted(statuses=("closed",)), tmp_path / "a.xlsx", "zh") == 2
    rows = list(openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0].iter_rows(values_only=True))
    assert rows[0][:3] == ("级别", "状态", "预警")
    assert "=1+1" in rows[2], "a text stays a text"
    export_alerts(desk.home, Wanted(), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["Alert ID"] for row in csv.DictReader(file)] == ["bbbb0003", "aaaa0002", "aaaa0001"]


ALERT = {"subject_type": "customer", "subject_id": "C1", "metric": "days_to_due", "metric_value": 1.0, "threshold": 1.0,
         "unit": "days", "comparison": "<="}  # fmt: skip
NAMES = {("alert_metric", "days_to_due"): "距到期天数", ("alert_metric", "negative_share"): "负面评价占比",
         ("board_metric", "nps_score"): "净推荐值", ("region", "north"): "北区", ("alert_cause", "channel"): "渠道",
         ("source_channel", "referral"): "老客户推荐", ("alert_cause", "complaint_category"): "投诉主要涉及",
         ("ticket_category", "billing"): "账单"}  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({}, "距到期天数 1 天 ≤ 1 天"),
        ({"metric_value": 0.25}, "距到期天数 0.2 天 ≤ 1 天"),
        ({"comparison": None}, "距到期天数 1 天，阈值 1 天"),
        ({"threshold": None}, "距到期天数 1 天"),
        ({"metric": "negative_share", "unit": "rate", "metric_value": 0.051, "threshold": 0.05, "comparison": ">",
          "cause_dimension": "complaint_category", "cause_value": "billing", "cause_share": 0.75},
         "负面评价占比 5.1% > 5.0%；投诉主要涉及：账单（75%）"),
        # It stands until it is down to close_threshold.
        ({"metric": "negative_share", "unit": "rate", "metric_value": 0.04, "threshold": 0.05, "comparison": ">="},
         "负面评价占比 4.0%，阈值 5.0%"),
        ({"subject_type": "metric", "subject_id": "nps_score", "metric": "board_abnormal", "unit": "points",
          "metric_value": 12.5, "threshold": 40, "comparison": "=", "cause_dimension": "channel",
          "cause_value": "referral", "cause_share": 1.34},
         "净推荐值 12.5，目标 40.0；渠道：老客户推荐（占变化的 134%）"),
    ],
)  # fmt: skip
def test_the_basis_is_told_in_the_readers_language(columns: dict[str, Any], told: str) -> None:
    assert basis_of({**ALERT, **columns}, NAMES, "zh") == told


def test_an_alert_is_told_under_heads_of_the_language(desk: AlertDesk) -> None:
    given = ["alerts", "show", "aaaa0001", "--language", "zh", "--home", str(desk.home.path)]
    shown = CliRunner().invoke(app, given, catch_exceptions=False).output
    assert "数值               50.0%\n" in shown
    assert "接续预警" in shown
    for raw in ("alert_id", "metric_value", "close_reason", "because"):
        assert raw not in shown
    assert "because" in CliRunner().invoke(app, [*given[:3], *given[5:]], catch_exceptions=False).output


def test_an_alert_is_told_with_its_openings_and_found_by_its_first_digits(desk: AlertDesk) -> None:
    found = show_alert(desk.home, "aaaa0001")
    assert [(one["alert_id"], one["reopened_from"]) for one in found["openings"]] == [
        ("aaaa0001", "00000000"), ("00000000", None),
    ]  # fmt: skip
    assert show_alert(desk.home, "BBBB")["alert_id"] == "bbbb0003"
    for unknown in ("aaaa", "dddd", "b"):
        with pytest.raises(NotThereError):
            show_alert(desk.home, unknown)


def test_a_decision_is_recorded_once_and_counts_from_the_releases_day(desk: AlertDesk) -> None:
    done = desk.decide(["aaaa0001", "bbbb", "bbbb0003"], "snooze", until=date(2024, 4, 9), note="visit")
    assert (done.recorded, done.known) == (["aaaa0001", "bbbb0003"], [])
    again = desk.decide(["bbbb0003"], "snooze", until=date(2024, 4, 9))
    assert (again.recorded, again.known, again.load_id) == ([], ["bbbb0003"], None)
    desk.decide(["bbbb0003"], "reopen")
    # After another decision the same one says something new.
    assert desk.decide(["bbbb0003"], "snooze", until=date(2024, 4, 9)).recorded == ["bbbb0003"]
    history = desk.history("bbbb0003")
    assert [one["action"] for one in history] == ["snooze", "reopen", "snooze"]
    assert {(one["effective_on"], one["decided_by"]) for one in history} == {(date(2024, 3, 31), "Li Na")}
    loads = committed_loads(desk.home)
    assert {(load["source"], load["entity"]) for load in loads} == {("decisions", "alert_decisions")}


def test_what_makes_no_sense_is_refused_whole(desk: AlertDesk) -> None:
    with pytest.raises(SettingsError, match="not after the release's as-of day 2024-03-31"):
        desk.decide(["aaaa0001"], "snooze", until=date(2024, 3, 31))
    with pytest.raises(SettingsError, match=r"is closed \(recovered\)"):
        desk.decide(["aaaa0001", "cccc0004"], "close")
    with pytest.raises(NotThereError):
        desk.decide(["aaaa0001", "dddd"], "close")
    for nobody_decided in (["aaaa0001"], ["cccc0005"]):
        with pytest.raises(SettingsError, match="there is nothing to reopen"):
            desk.decide(nobody_decided, "reopen")
    with pytest.raises(SettingsError, match=r"There is no folder .*nowhere"):
        export_alerts(desk.home, Wanted(), desk.home.path / "nowhere" / "a.csv")
    assert not committed_loads(desk.home)
    assert not (desk.home.path / "nowhere").exists()


def test_the_back_test_adds_up_the_months_that_are_over(desk: AlertDesk) -> None:
    [own, idle] = list_backtest(desk.home)
    assert (own["rule_id"], own["months"], own["flagged"], own["precision"], own["recall"]) == ("W2", 2, 10, 0.5, 0.125)
    assert own["lift"] == pytest.approx(2.5)
    assert (idle["precision"], idle["lift"]) == (None, None)


def test_the_commands_speak_to_people_and_programs(desk: AlertDesk) -> None:
    def told(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["alerts", *arguments, "--home", str(desk.home.path)], env={"COLUMNS": "300"})
        assert done.exit_code == 0, done.output
        return done.output

    assert "purchase_drop_rate 50.0%, threshold 30.0%" in told("list"), "an older release names no comparison"
    assert [row["alert_id"] for row in json.loads(told("list", "--json", "--rule", "W1"))] == ["bbbb0003"]
    assert "Recorded for aaaa0002" in told("close", "aaaa0002", "--by", "Wang", "--note", "moved")
    assert "Decided so already: aaaa0002" in told("close", "aaaa0002")
    assert "moved" in told("show", "aaaa0002")
    assert json.loads(told("show", "aaaa0002", "--json"))["decisions"][0]["decided_by"] == "Wang"
    assert "aaaa0002" in told("reopen", "aaaa0002")
    assert "Decided so already: aaaa0002" in told("reopen", "aaaa0002")
    assert "提升度可能低于1" in told("backtest", "--language", "zh")
    assert "can have a lift below 1" in told("backtest")
