"""Whom a report names, what it adds up and what it calls a rise: hand-made rows, worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from tests.reports.company import copy_release

from retention.reports import board_sections as board
from retention.reports import churn_sections as churn
from retention.reports import company_sections as company
from retention.reports import contact_sections as contacts
from retention.reports.columns import column, columns_of
from retention.reports.figures import Figures
from retention.reports.release import Release, open_release
from retention.reports.sheets import SHEETS
from retention.reports.wording import Wording
from retention.reports.writing import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention.runs import Home

ROWS = """
    delete from marts.touch_execution;
    insert into marts.touch_execution by name select date '2024-05-30' as touch_date, 'retention_abcd' as scheme,
        'A' as tier, 'phone' as channel, 'call' as theme, true as is_planned, * from (values
        ('best_of_many', 391, 370), ('worst', 36, 26), ('good', 40, 39), ('too_few', 19, 1)
    ) as t(executor, planned_count, actual_count);
    insert into marts.alerts by name
        select * exclude (number) replace ('again' || number as alert_id)
        from marts.alerts cross join range(3) as n(number) where alert_id in ('A1', 'A3');
    delete from marts.tier_migration;
    insert into marts.tier_migration by name select 'retention_abcd' as scheme, 1 as span_months,
        date '2024-04-30' as from_month_end, date '2024-05-31' as to_month_end, * from (values
        ('unscored', 5, 'D', 4, 7), ('entered', null, 'A', 1, 3), ('B', 2, 'A', 1, 2), ('A', 1, 'D', 4, 1),
        ('D', 4, 'unscored', 5, 1), ('A', 1, 'A', 1, 20)
    ) as t(from_tier, from_tier_rank, to_tier, to_tier_rank, customers);
    delete from marts.plan_progress;
    insert into marts.plan_progress by name select 'short_term' as plan_type, status as objective_id, status
        from (values ('on_track'), ('reached'), ('behind'), ('missed'), ('not_started'), ('no_data'), ('too_few'),
            ('plan_over'), ('no_baseline')) as t(status);
    insert into marts.ticket_sla by name select date '2024-05-30' as received_on, 90 as first_response_minutes,
        500 as resolution_minutes, * from (values
        ('answered', true, true, 'met', 'met', 'running', null),
        ('late', true, true, 'overdue', 'overdue', 'running', null),
        ('settled', false, false, 'met', 'met', 'breached', 'overdue')
    ) as t(ticket_id, is_open, is_overdue, contact_status, first_response_status, resolution_status, call_back_status);
    insert into marts.campaign_performance by name select 'spring' as campaign_name, 'A' as variant, 0.031 as lift,
        -0.002 as lift_ci_low, 0.064 as lift_ci_high, false as is_holdout, date '2024-05-01' as ends_on;
"""


@pytest.fixture(scope="module")
def release(reported: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The small company with the rows above, built by a profile that judges from 20 on."""
    home = type(reported)(tmp_path_factory.mktemp("judged") / "home")
    folder = copy_release(reported, home)
    home.published.symlink_to(folder)
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        connection.execute(f"begin; {ROWS}; commit")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("create schema intermediate")
        connection.execute("create table intermediate.int_profile as select 20 as target_min_count")
    with open_release(home) as opened:
        yield opened


def first(release: Release, query: str) -> dict[str, Any]:
    return dict(release.ask(query).rows[0])


def test_the_furthest_behind_is_the_lowest_rate_of_enough_plans(release: Release) -> None:
    found = first(release, contacts.FURTHEST_BEHIND.query)
    assert (found["executor"], found["completion_rate"]) == ("worst", pytest.approx(26 / 36))


def test_of_a_release_without_its_parameters_every_rate_counts(reported: Home) -> None:
    with open_release(reported) as alone:
        assert first(alone, "select min_count() as found")["found"] == 1


def test_a_customer_counts_once_and_overlapping_alerts_have_no_sum(release: Release) -> None:
    table = release.ask(board.ALERT_COUNTS.query)
    rows = {(row["level"], row["severity"]): row for row in table.rows}
    warned = rows["customer", "warning"]
    assert (warned["open_alerts"], warned["value_at_stake"]) == (4, pytest.approx(52340.5)), "C1 has four alerts"
    assert rows["business", "critical"]["value_at_stake"] is None
    [amount] = [one for one in columns_of(table.types) if one.name == "value_at_stake"]
    assert Figures(release, Wording("zh")).told(amount, rows["business", "critical"]) == "–"


def test_who_had_no_tier_neither_rises_nor_falls(release: Release) -> None:
    found = first(release, company.moved(1).query)
    assert [found[name] for name in ("customers", "up", "down", "entered", "_mood")] == [24, 2, 1, 10, "good"]
    moves = {
        (row["from_tier"], row["to_tier"]): row["direction_of_move"]
        for row in release.ask(company.tier_moves(1).query).rows
    }
    assert moves == {("unscored", "D"): "entered", ("entered", "A"): "entered", ("B", "A"): "up", ("A", "D"): "down",
                     ("D", "unscored"): "left"}  # fmt: skip
    names = Figures(release, Wording("zh"))
    assert names.name("tier_move", "entered") == "新进入分层"


def test_every_objective_of_a_plan_is_in_one_count(release: Release) -> None:
    found = first(release, company.on_the_way("short_term").query)
    counts = [found[name] for name in ("on_the_way", "behind", "not_begun", "over_unmeasured", "unjudged")]
    assert counts == [2, 2, 1, 1, 3]
    assert sum(counts) == found["objectives"]


@pytest.mark.parametrize(
    ("now", "case", "tied"),
    [({"a": 3, "b": 3, "c": 2}, "tied", "a,b"), ({"a": 3, "b": 5, "c": 2}, "alone", "b"), ({"a": 2}, None, None)],
)
def test_of_reasons_that_grew_alike_none_stands_first(
    release: Release, now: dict[str, int], case: str | None, tied: str | None
) -> None:
    """The week before had two of each."""
    rows = [("2024-05-20", reason, 2) for reason in "abc"] + [("2024-05-27", *one) for one in now.items()]
    values = ", ".join(f"(date '{week}', '{reason}', {lost}, true)" for week, reason, lost in rows)
    table = f"(values {values}) as t(week_start, reason, lost_customers, is_mature)"
    query = churn.RISEN_REASON.query.replace("marts.churn_reasons as", f"(from {table}) as").replace(
        "marts.churn_reasons", f"(from {table})"
    )
    found = release.ask(query).rows
    assert [(row["_case"], row["tied_reasons"]) for row in found] == ([(case, tied)] if case else [])


def test_a_late_ticket_names_its_clocks_and_only_what_is_done_has_a_time_taken(release: Release) -> None:
    [sheet] = [sheet for sheet in SHEETS if sheet.key == "tickets"]
    shown = ("late_clocks", "first_response_minutes", "resolution_minutes", "elapsed_minutes")
    found = {row["ticket_id"]: tuple(row[name] for name in shown) for row in release.ask(sheet.query).rows}
    assert found["answered"] == ("", 90, None, 500)
    assert found["late"] == ("contact,first_response", None, None, 500)
    assert found["settled"] == ("call_back", 90, 500, None)


def test_the_running_month_of_the_programme_is_marked(release: Release) -> None:
    months = {str(row["month"]): row["is_running"] for row in release.ask(company.HEALTH.query).rows}
    assert months.pop("2024-05-01") is True
    assert set(months.values()) == {False}


def test_lift_stands_in_percentage_points(release: Release) -> None:
    table = release.ask(contacts.CAMPAIGNS.query)
    figures = Figures(release, Wording("en"))
    told = {one.name: figures.told(one, table.rows[0]) for one in columns_of(table.types)}
    assert [told[name] for name in ("lift_points", "lift_ci_low_points", "lift_ci_high_points")] == [
        "+3.1 pts", "-0.2 pts", "+6.4 pts",
    ]  # fmt: skip


def test_channels_by_which_customers_came_have_names(release: Release) -> None:
    figures = Figures(release, Wording("zh"))
    assert figures.cause("channel", "referral", 0.5) == "渠道：老客户推荐（占变化的 50%）"
    assert figures.value_of("channel", "phone") == "电话"


def test_what_has_a_cause_comes_first_and_all_that_is_abnormal_is_named(reported: Home, home: Home) -> None:
    """The metric with the smallest gap is the only one that is explained."""
    folder = copy_release(reported, home)
    home.published.symlink_to(folder)
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        connection.execute("update marts.kpi_board set reason_value = null, reason_dimension = null "
                           "where metric != 'retention_rate'")  # fmt: skip
    with open_release(home) as opened:
        rows = opened.ask(board.ABNORMAL.query).rows
    assert [(row["board_metric"], row["_case"]) for row in rows] == [
        ("retention_rate", "explained_first"), ("churn_rate_daily", "unexplained"), ("timely_rate", "unexplained"),
    ]  # fmt: skip
    assert rows[0]["abnormal_metrics"] == 3
    assert rows[0]["all_abnormal"] == "retention_rate,churn_rate_daily,timely_rate"
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        connection.execute("update marts.kpi_board set is_abnormal = metric = 'retention_rate'")
    with open_release(home) as opened:
        assert [row["_case"] for row in opened.ask(board.ABNORMAL.query).rows] == ["explained"]


@pytest.mark.parametrize(
    ("alert", "value", "threshold"),
    [
        ({"metric_value": 0.044, "metric_threshold": 0.05, "_close_threshold": 0.04, "_unit": "rate"},
         "4.4%", "5.0%（现已低于该值，低于 4.0% 时关闭）"),
        ({"metric_value": 0.05, "metric_threshold": 0.05, "_close_threshold": 0.04, "_unit": "rate"}, "5.0%", "5.0%"),
        ({"metric_value": 2.0, "metric_threshold": 1.0, "_close_threshold": 3.0, "_unit": "ratio"},
         "2.0", "1.0（现已高于该值，高于 3.0 时关闭）"),
        ({"metric_value": 0.4, "metric_threshold": 0.3, "_close_threshold": 0.15, "_critical_threshold": 0.6,
          "_critical_on": date(2024, 5, 4), "_unit": "rate"},
         "40.0%", "30.0%（2024-05-04 达到严重阈值 60.0%，现已回落）"),
        ({"metric_value": 0.7, "metric_threshold": 0.3, "_close_threshold": 0.15, "_critical_threshold": 0.6,
          "_critical_on": date(2024, 5, 4), "_unit": "rate"}, "70.0%", "30.0%"),
        ({"metric_value": 0.0, "metric_threshold": 0.0, "_close_threshold": None, "_unit": "days"}, "不足1天", "0"),
        ({"metric_value": 2.0, "metric_threshold": 0.0, "_close_threshold": None, "_unit": "days"}, "2", "0"),
    ],
)  # fmt: skip
def test_a_figure_that_seems_to_need_no_alert_says_why_one_stands(
    release: Release, alert: dict[str, Any], value: str, threshold: str
) -> None:
    figures = Figures(release, Wording("zh"))
    told = [figures.told(column(name, "DOUBLE"), alert) for name in ("metric_value", "metric_threshold")]
    assert told == [value, threshold]


def test_the_change_of_the_score_is_that_of_the_scores_shown(reported: Home, home: Home) -> None:
    """82.2221 after 81.1657 is shown as 82.2 after 81.2; another measure known is a reason, not a gap."""
    folder = copy_release(reported, home)
    home.published.symlink_to(folder)
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        connection.execute("""
            update marts.program_health_summary set score = 82.22213261, score_change = 1.05645046
                where month = date '2024-04-01';
            update marts.program_health_summary
                set score = 81.16568215, score_change = null, change_missing_reason = 'other_measures'
                where month = date '2024-03-01';
        """)
    made = write_report(home, "monthly")
    chinese = (made / "report-zh.md").read_text(encoding="utf-8")
    assert "| 2024-04 |  | 82.2 | 良好 | +1.0 |" in chinese
    assert "| 2024-03 |  | 81.2 | 良好 | 指标口径不同 |" in chinese
    assert "82.2 分（良好），较上月 +1.0 分" in chinese
