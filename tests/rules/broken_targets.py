"""Rows of targets, budgets, plans and satisfaction that are wrong."""

from tests.rules.broken_rules import APPEND

BROKEN_TARGETS: dict[str, tuple[str, str, str, str]] = {
    "target_of_no_metric": (
        "targets",
        "all,all,all,churn_rate,",
        "all,all,all,chrun_rate,",
        "line 6: metric 'chrun_rate' is unknown. Did you mean churn_rate?",
    ),
    "target_of_a_metric_like_none": (
        "targets",
        "all,all,all,top_member_share,",
        "all,all,all,xyz,",
        "line 17: metric 'xyz' is unknown. Known are: activation_rate, ces_score, churn_rate,",
    ),
    "target_in_percents": (
        "targets",
        "timely_rate,week,0.90,",
        "timely_rate,week,95,",
        "line 9: target 95 (rule C2) is none that timely_rate can have. Write a number from 0 to 1, 0.95 for",
    ),
    "alarm_in_percents": (
        "targets",
        "at_least,0.93,0.90,",
        "at_least,0.93,-90,",
        "line 2: alarm_at -90 (rule G) is none that retention_rate can have. Write a number from 0 to 1.",
    ),
    "growth_in_percents": (
        "targets",
        "ltv_growth_rate,month,0.15,",
        "ltv_growth_rate,month,15,",
        "line 15: target 15 (rule M9) is none that ltv_growth_rate can have. Write a number from -1 to 5, 0.15",
    ),
    "points_beyond_the_scale": (
        "targets",
        "nps_score,month,40,",
        "nps_score,month,400,",
        "line 11: target 400 (rule Q) is none that nps_score can have. Write a number from -100 to 100.",
    ),
    "baseline_in_percents": (
        "plan_objectives",
        "rolling,at_least,0.90,0.95",
        "rolling,at_least,90,0.95",
        "line 2: baseline 90 (rule G) is none that retention_rate can have. Write a number from 0 to 1, 0.9 for",
    ),
    "objective_that_a_fall_would_reach": (
        "plan_objectives",
        "as_of,at_least,,0.70",
        "as_of,at_least,0.80,0.70",
        "line 6: baseline 0.80 of objective member_loyalty (rule G) is at or beyond its target 0.70 (at_least) already,"
        " so that a change for the worse would be called reached. Write a target above the baseline",
    ),
    "objective_that_begins_at_its_target": (
        "plan_objectives",
        "month,at_most,,0.05",
        "month,at_most,0.05,0.05",
        "line 4: baseline 0.05 of objective less_churn (rule G) is at or beyond its target 0.05 (at_most) already,"
        " so that a change for the worse would be called reached. Write a target below the baseline",
    ),
    "target_of_a_period_that_is_not_measured": (
        "targets",
        "timely_rate,week",
        "timely_rate,quarter",
        "line 9: timely_rate is not measured by 'quarter'. Write week.",
    ),
    "target_without_a_direction": (
        "targets",
        "0.05,at_most,0.07,0.10,,,management",
        "0.05,atmost,0.07,0.10,,,management",
        "line 6: direction 'atmost' is unknown. Write at_least or at_most.",
    ),
    "warning_for_who_meets_the_target": (
        "targets",
        "week,0.95,at_least,0.92",
        "week,0.95,at_least,0.98",
        "line 8: warn_at 0.98 is better than the target 0.95 (at_least), so that who meets it would be warned.",
    ),
    "alarm_before_the_warning": (
        "targets",
        "0.05,at_most,0.07,0.10,,,management",
        "0.05,at_most,0.07,0.06,,,management",
        "line 6: alarm_at 0.06 comes before warn_at 0.07 (at_most). Write the worst number as alarm_at.",
    ),
    "expected_range_upside_down": (
        "targets",
        "0.08,0,0.08,0.12",
        "0.08,0,0.12,0.08",
        "line 14: expected_low 0.12 is above expected_high 0.08.",
    ),
    "budget_of_nobody": (
        "resource_budgets",
        "default_b2b,retention_abcd,C,",
        "default_b2b,retention_abcd,E,",
        "line 4: no rule of scheme 'retention_abcd' gives tier 'E', so that the budget is nobody's.",
    ),
    "budget_below_0": (
        "resource_budgets",
        ",30000.00,",
        ",-30000.00,",
        "line 4: the budget -30000.00 is below 0.",
    ),
    "quarter_that_begins_in_may": (
        "resource_budgets",
        "2024-04-01",
        "2024-05-01",
        "line 6: quarter_start 2024-05-01 is not the first day of a quarter. Write 2024-04-01, or nothing for all.",
    ),
    "objective_of_no_plan": (
        "plan_objectives",
        "default_b2b,short_term,less_churn",
        "default_b2b,shortterm,less_churn",
        "line 4: plan_type 'shortterm' is unknown. Write short_term or long_term.",
    ),
    "objective_that_ends_before_it_begins": (
        "plan_objectives",
        "operations,2024-01-01,2024-06-30",
        "operations,2024-07-01,2024-06-30",
        "line 4: objective less_churn ends on 2024-06-30, before it begins, 2024-07-01.",
    ),
    "objective_of_nobody": (
        "plan_objectives",
        "retention_abcd,B,month",
        "retention_abcd,BB,month",
        "line 3: no rule of scheme 'retention_abcd' gives tier 'BB', so that the objective is nobody's.",
    ),
    "benchmark_of_no_survey": (
        "satisfaction_benchmarks",
        "all,nps,all,all,40",
        "all,enps,all,all,40",
        "line 2: survey type 'enps' has no row in survey_scales.csv. Write one of ces, csat, nps.",
    ),
    "benchmark_in_percent": (
        "satisfaction_benchmarks",
        "all,csat,all,all,0.9",
        "all,csat,all,all,90",
        "line 3: no score of csat can be 90. Write a number from 0 to 1.",
    ),
    "benchmark_of_no_dimension": (
        "satisfaction_benchmarks",
        "all,nps,all,all,40",
        "all,nps,store,north,40",
        "line 2: dimension 'store' is unknown. Write all or touchpoint or channel or region or tier.",
    ),
    "benchmark_of_no_tier": (
        "satisfaction_benchmarks",
        APPEND,
        "all,csat,tier,Q,0.5,Q,x\n",
        "line {line}: no rule of the primary scheme gives tier 'Q', so that the benchmark is nobody's. Known are: A,",
    ),
    "benchmark_of_all_and_a_part": (
        "satisfaction_benchmarks",
        APPEND,
        "all,csat,all,A,0.5,Q,x\n",
        "line {line}: dimension all has no value 'A', so that the benchmark is nobody's. Write all, or",
    ),
    "scale_upside_down": (
        "survey_scales",
        "csat,1,5,4,2",
        "csat,1,5,2,4",
        "line 3: the answers of csat are out of order",
    ),
    "scale_of_no_statistic": (
        "survey_scales",
        "ces,1,7,5,3,mean",
        "ces,1,7,5,3,median",
        "line 4: statistic 'median' is unknown. Write net_share or positive_share or mean.",
    ),
    "group_too_small_to_hide_anyone": (
        "profile_parameters",
        "all,satisfaction_min_responses,10",
        "all,satisfaction_min_responses,2",
        "line {line}: satisfaction_min_responses is '2'. Write a whole number from 5 on.",
    ),
}
"""As in broken_rules."""
