"""Every kind of fault in published tables is found; all of these block but the warnings named."""

import re
from collections.abc import Callable

import pytest

from retention.quality.results import CheckResult
from retention.settings import PROJECT_DIR

pytestmark = pytest.mark.slow
Published = Callable[..., list[CheckResult]]
Failure = tuple[str, str, str]


def failures(results: list[CheckResult]) -> set[Failure]:
    """Where, what and how severe."""
    return {(one.entity, one.check_name, one.severity) for one in results if not one.passed}


def test_clean_tables_pass(published: Published) -> None:
    results = published()
    assert failures(results) == set()
    assert len(results) > 40


# Faults of different tables stand together: a round of checks takes most of a second, a fault none.
ROUNDS: tuple[tuple[tuple[str, Failure], ...], ...] = (
    (
        ("drop table marts.customer_rfm", ("customer_rfm", "exists", "critical")),
        ("delete from marts.customer_lifecycle", ("customer_lifecycle", "not_empty", "critical")),
        (
            "delete from marts.customer_lifecycle",
            ("customer_lifecycle", "every_customer_stands_in_it", "critical"),
        ),
        (
            "update marts.customer_merges set customer_id = 'c1'",
            ("customer_merges", "no_merged_profile_stands_as_a_customer", "critical"),
        ),
        (
            "update marts.customer_merges set customer_id = 'c1'",
            ("customer_merges", "no_fact_of_a_merged_profile", "critical"),
        ),
        ("delete from marts.repurchase_metrics", ("repurchase_metrics", "not_empty", "warning")),
        ("update marts.dim_dates set as_of_date = '2024-06-29'", ("dim_dates", "as_of_date", "critical")),
        (
            "update marts.ticket_sla set ticket_id = 'e9'",
            ("ticket_sla", "every_ticket_has_its_service_levels", "critical"),
        ),
        (
            "update marts.ticket_sla_policies set is_counted = true",
            ("ticket_sla_policies", "one_policy_counts_for_a_clock_at_most", "critical"),
        ),
        (
            "update marts.service_metrics set tickets = 2 where dimension = 'region'",
            ("service_metrics", "tickets_add_up_to_all", "critical"),
        ),
        (
            "update marts.issue_hotspots set cumulative_share = 0.5",
            ("issue_hotspots", "problems_are_the_weeks_tickets", "critical"),
        ),
        (
            "insert into marts.contact_calendar by name select 'nobody' as customer_id, date '2024-07-02' as due_on, "
            "date '2024-06-30' as as_of_date",
            ("contact_calendar", "only_contactable_customers_are_contacted", "critical"),
        ),
        (
            "insert into marts.contact_calendar from marts.contact_calendar where customer_id = 'c1'",
            ("contact_calendar", "nobody_is_contacted_twice_on_a_day", "critical"),
        ),
        (
            "update marts.contact_exclusions set \"trigger\" = 'guide'",
            ("contact_exclusions", "what_is_planned_is_not_left_out", "critical"),
        ),
        (
            "update marts.touch_execution set actual_count = 2",
            ("touch_execution", "no_contact_counts_twice", "critical"),
        ),
        (
            "update marts.campaign_performance set customers = 2",
            ("campaign_performance", "every_customer_of_a_campaign_stands_in_one_variant", "critical"),
        ),
        (
            "update marts.activation_metrics set untouched_customers = 5 where dimension = 'tier'",
            ("activation_metrics", "tiers_add_up", "critical"),
        ),
        ("update marts.dim_products set category = null", ("dim_products", "category_filled", "warning")),
        (
            "update marts.fct_orders set order_date = '2024-07-01' where order_id = 'o1'",
            ("fct_orders", "nothing_after_as_of_date", "critical"),
        ),
        (
            "update marts.fct_orders set returned_amount = 11 where order_id = 'o2'",
            ("fct_orders", "returns_within_their_orders", "warning"),
        ),
        (
            "update marts.fct_orders set returned_amount = -1 where order_id = 'o3'",
            ("fct_orders", "no_return_below_zero", "critical"),
        ),
        (
            "update marts.fct_orders set gross_amount = -10 where order_id = 'o5'",
            ("fct_orders", "no_amount_below_zero", "warning"),
        ),
        (
            "update marts.fct_order_items set line_amount = 10.02 where order_id = 'o1'",
            ("fct_order_items", "lines_add_up_to_their_orders", "warning"),
        ),
        (
            "update marts.completeness set completeness_rate = 1.1",
            ("completeness", "rate_in_range", "critical"),
        ),
        (
            "update marts.completeness set entity = 'products'",
            ("completeness_worklist", "listed_where_there_is_a_customer_master", "warning"),
        ),
        (
            "update marts.interaction_lateness set interactions = 2",
            ("interaction_lateness", "counts_every_interaction", "critical"),
        ),
        (
            "update marts.finance_reconciliation set revenue_computed = 199.99",
            ("finance_reconciliation", "revenue_of_the_orders", "critical"),
        ),
        (
            "update marts.fct_touches set touched_on = '2024-07-01'",
            ("fct_touches", "nothing_after_as_of_date", "critical"),
        ),
        (
            "update marts.fct_interactions set occurred_on = '2024-07-01'",
            ("fct_interactions", "nothing_after_as_of_date", "critical"),
        ),
        (
            "update marts.fct_tickets set received_on = '2024-07-01'",
            ("fct_tickets", "nothing_after_as_of_date", "critical"),
        ),
        ("update marts.fct_tickets set satisfaction_score = 6", ("fct_tickets", "score_in_range", "warning")),
        (
            "update marts.fct_survey_responses set responded_on = '2024-07-01'",
            ("fct_survey_responses", "nothing_after_as_of_date", "critical"),
        ),
        (
            "update marts.fct_survey_responses set score = 6 where survey_type = 'csat'",
            ("fct_survey_responses", "scores_on_their_scale", "warning"),
        ),
        (
            "delete from marts.customer_tiers where customer_id = 'c1' and scheme = 'value_sabc'",
            ("customer_tiers", "every_customer_stands_in_every_scheme", "critical"),
        ),
        (
            "update marts.tier_distribution set customer_share = 0.50000001 where tier = 'A'",
            ("tier_distribution", "customer_shares_add_up", "critical"),
        ),
        (
            "update marts.customer_tier_history set month_end = '2024-07-31' where month_end = '2024-05-31'",
            ("customer_tier_history", "nothing_after_as_of_date", "critical"),
        ),
        (
            "update marts.tier_migration set customers = 11 where span_months = 3",
            ("tier_migration", "every_span_counts_the_same_customers", "critical"),
        ),
        (
            "update marts.tier_crosswalk set customers = 6 where tier_b = 'B'",
            ("tier_crosswalk", "counts_every_customer", "critical"),
        ),
        ("update marts.retention_cohorts set retention_rate = 1.1", ("retention_cohorts", "rate_in_range", "critical")),
        (
            "update marts.retention_by_tier set retention_rate = -0.1",
            ("retention_by_tier", "rate_in_range", "critical"),
        ),
        (
            "update marts.churn_metrics set customers_at_end = 6 where dimension_value = 'B'",
            ("churn_metrics", "dimensions_add_up", "critical"),
        ),
        (
            "update marts.revenue_movements set revenue = 60.01 where movement = 'new'",
            ("revenue_movements", "movements_add_up", "critical"),
        ),
        (
            "update marts.satisfaction_metrics set responses = 6 where dimension_value = 'visit'",
            ("satisfaction_metrics", "answers_add_up_to_all", "critical"),
        ),
        (
            "update marts.target_tracking set is_latest = true",
            ("target_tracking", "every_target_has_one_latest_period", "critical"),
        ),
        (
            "update marts.alerts set owner_rank = 3 where owner_rank = 2",
            ("alerts", "owners_alerts_are_ranked_without_a_gap", "critical"),
        ),
        (
            "update marts.alert_backtest set customers = 8 where rule_id = 'W2'",
            ("alert_backtest", "every_rule_is_tested_on_the_same_customers", "critical"),
        ),
        (
            "update marts.resource_plan set budget_share = 0.5 where tier = 'A'",
            ("resource_plan", "budgets_add_up_to_the_whole", "critical"),
        ),
        (
            "update marts.lost_customers set value_lost = 11",
            ("churn_reasons", "reasons_add_up_to_everybody_lost", "critical"),
        ),
        (
            "update marts.program_health set effective_weight = 0.5, score = 50 where dimension = 'execution'",
            ("program_health", "weights_add_up_to_the_whole", "critical"),
        ),
        (
            "update marts.program_health_summary set score = 60",
            ("program_health_summary", "a_score_is_that_of_its_dimensions", "critical"),
        ),
        (
            "update marts.customer_base_metrics set revenue = 199.99",
            ("customer_base_metrics", "revenue_of_the_orders", "critical"),
        ),
    ),
    (
        (
            "update marts.satisfaction_metrics set responses = 13 where dimension = 'tier'",
            ("satisfaction_metrics", "answers_add_up_to_all", "critical"),
        ),
        (
            "update marts.target_tracking set is_latest = false",
            ("target_tracking", "every_target_has_one_latest_period", "critical"),
        ),
        (
            "update marts.customer_base_metrics set revenue = 200",
            ("customer_base_metrics", "revenue_of_the_orders", "critical"),
        ),
        (
            # The order without a day, below, is in no month's revenue.
            "update marts.finance_reconciliation set revenue_computed = 200",
            ("finance_reconciliation", "revenue_of_the_orders", "critical"),
        ),
        (
            "update marts.fct_orders set order_date = null where order_id = 'o1'",
            ("fct_orders", "order_date_filled", "critical"),
        ),
        (
            "update marts.fct_order_items set line_amount = 10.02 where order_id = 'o11'",  # of one line, converted
            ("fct_order_items", "lines_add_up_to_their_orders", "warning"),
        ),
        (
            "update marts.fct_survey_responses set score = 0 where survey_type = 'ces'",
            ("fct_survey_responses", "scores_on_their_scale", "warning"),
        ),
        (
            "delete from marts.customer_rfm where customer_id = 'c1'",
            ("customer_rfm", "every_customer_stands_in_it", "critical"),
        ),
        (
            "update marts.customer_tiers set is_primary_scheme = false",
            ("customer_tiers", "one_primary_scheme", "critical"),
        ),
        (
            "update marts.tier_distribution set revenue_share = 0.4 where tier = 'A'",
            ("tier_distribution", "revenue_shares_add_up", "critical"),
        ),
        (
            "delete from marts.customer_lifecycle where customer_id = 'c1'",
            ("customer_lifecycle", "every_customer_stands_in_it", "critical"),
        ),
        (
            "update marts.retention_cohorts set retained_customers = 1 where definition = 'rolling'",
            ("retention_cohorts", "rolling_is_at_least_classic", "critical"),
        ),
        (
            "update marts.survival_curves set survival = 1.5",
            ("survival_curves", "rate_in_range", "critical"),
        ),
        ("update marts.retention_curves set retention_rate = -1", ("retention_curves", "rate_in_range", "critical")),
        ("update marts.survival_summary set customers = 9", ("survival_summary", "counts_every_buyer", "critical")),
        (
            "update marts.tier_migration set to_tier = 'B'",
            ("tier_migration", "moves_lead_to_the_tiers_of_the_last_month", "critical"),
        ),
        (
            "update marts.tier_crosswalk set share_of_tier_a = 0.49 where tier_b = 'B'",
            ("tier_crosswalk", "shares_add_up", "critical"),
        ),
        (
            "update marts.customer_lifecycle_history set lifecycle_stage = 'mature' where month_end = '2024-06-30'",
            ("customer_lifecycle_history", "ends_with_the_stages_of_today", "critical"),
        ),
        (
            "update marts.lifecycle_transitions set customers = 9",
            ("lifecycle_transitions", "comes_from_the_customers_of_the_month_before", "critical"),
        ),
        ("update marts.retention_by_tier set repurchase_rate = 2", ("retention_by_tier", "rate_in_range", "critical")),
        (
            "update marts.repurchase_metrics set repurchase_rate = 2",
            ("repurchase_metrics", "rate_in_range", "critical"),
        ),
    ),
    (
        ("update marts.customer_rfm set rfm_score = 100.01", ("customer_rfm", "score_in_range", "critical")),
        (
            "update marts.customer_tiers set is_primary_scheme = true",
            ("customer_tiers", "one_primary_scheme", "critical"),
        ),
        (
            "update marts.customer_tiers set tier_in_force = 'A' where customer_id = 'c1'",
            ("tier_review_list", "nothing_changes_unapproved", "critical"),
        ),
        (
            "update marts.tier_distribution set customers = 4 where tier = 'A'",
            ("tier_distribution", "counts_every_customer", "critical"),
        ),
        (
            "update marts.customer_lifecycle set days_since_last_activity = -1",
            ("customer_lifecycle", "days_in_range", "critical"),
        ),
        (
            """update marts.survival_curves set survival = 1 - survival""",
            ("survival_curves", "survival_never_rises", "critical"),
        ),
        (
            "update marts.retention_cohorts set cohort_size = 9",
            ("retention_cohorts", "counts_every_buyer", "critical"),
        ),
        ("update marts.repurchase_metrics set buyers = 9", ("repurchase_metrics", "counts_every_buyer", "critical")),
        (
            """update marts.kpi_history set "value" = 0.9""",
            ("kpi_board", "the_board_shows_its_history", "critical"),
        ),
        (
            "update marts.kpi_contributions set contribution = 0 where dimension_value = 'north'",
            ("kpi_contributions", "contributions_add_up_to_the_change", "critical"),
        ),
        (
            "update marts.alerts set customer_id = 'nobody' where alert_id = 'a1'",
            ("alerts", "no_alert_on_a_customer_who_is_not_there", "critical"),
        ),
        (
            "update marts.alerts set status = 'closed' where alert_id = 'a2'",
            ("alerts", "metrics_out_of_order_are_alerts", "warning"),
        ),
    ),
    (("update marts.customer_rfm set r_score = 0", ("customer_rfm", "score_in_range", "critical")),),
    (("update marts.customer_rfm set recency_days = -1", ("customer_rfm", "recency_in_range", "critical")),),
    (("update marts.customer_rfm set rfm_score = null", ("customer_rfm", "customers_are_scored", "warning")),),
    (("update marts.ticket_sla set priority = null", ("ticket_sla", "every_severity_is_known", "warning")),),
)


@pytest.mark.parametrize("faults", ROUNDS)
def test_planted_faults_are_found_and_nothing_else(
    published: Published, faults: tuple[tuple[str, Failure], ...]
) -> None:
    changes, expected = zip(*faults, strict=True)
    assert failures(published(*changes)) == set(expected)


def test_what_looks_odd_and_is_no_fault_fails_no_check(published: Published) -> None:
    changes = (
        "update marts.tier_distribution set revenue_share = null",
        "update marts.alerts set status = 'closed', close_reason = 'closed_by_person' where alert_id = 'a2'",
    )
    assert failures(published(*changes)) == set()


def test_checks_read_nothing_but_result_tables() -> None:
    """They are asked of the file that is published, which holds no step in between."""
    checks = (PROJECT_DIR / "expectations" / "published.yaml").read_text(encoding="utf-8")
    assert re.findall(r"(?:from|join)\s+(raw|ops|seeds|staging|news|intermediate)\.", checks) == []


def test_a_check_that_cannot_run_fails_without_its_cause_in_the_result(published: Published) -> None:
    results = published("alter table marts.customer_rfm drop column m_score")
    [broken] = [one for one in results if one.column_name == "m_score"]
    assert (broken.passed, broken.observed) == (False, "not evaluated, see the log")
