"""Rows of programme health and reasons of churn that are wrong, in the form of BROKEN_RULES."""

from tests.rules.broken_rules import APPEND

BROKEN_PROGRAM: dict[str, tuple[str, str, str, str]] = {
    "unknown_measure": (
        "program_measures",
        "all,timely_rate",
        "all,timely_rates",
        "line 6: measure 'timely_rates' is unknown. Did you mean timely_rate?",
    ),
    "flat_measure": (
        "program_measures",
        "1,0,0.90,complete",
        "1,0.90,0.90,complete",
        "line 2: zero_mark and full_mark of completeness are both 0.90. Write the values where it has no marks",
    ),
    "measure_without_dimension": (
        "program_measures",
        "nps_score,customer_experience",
        "nps_score,customer_delight",
        "line 7: dimension 'customer_delight' has no row in program_dimensions.csv. Write one of customer_experience, ",
    ),
    "measure_without_name": (
        "program_measures",
        "review_strategy",
        "think_again",
        "line 8: program_advice 'think_again' has no name in labels.csv. Add the row: program_advice,think_again,",
    ),
    "negative_weight_of_a_dimension": (
        "program_dimensions",
        "execution,2,0.30",
        "execution,2,-0.30",
        "line 3: the weight -0.30 of execution is below 0. Write 0 to leave it out.",
    ),
    "dimension_without_measure": (
        "program_dimensions",
        APPEND,
        "all,fun,5,0.1,H,x\n",
        "line {line}: dimension 'fun' has no measure in program_measures.csv. Give it one, or delete the row.",
    ),
    "core_metric_by_week": (
        "program_core_metrics",
        "all,churn_rate",
        "all,timely_rate",
        "line 2: metric 'timely_rate' is unknown.",
    ),
    "core_metric_of_no_tier": (
        "program_core_metrics",
        "retention_abcd,A",
        "retention_abcd,E",
        "line 3: no rule of scheme 'retention_abcd' gives tier 'E', so that nobody is looked at.",
    ),
    "core_metric_without_direction": (
        "program_core_metrics",
        "all,all,at_most",
        "all,all,down",
        "line 2: direction 'down' is unknown. Known are: at_least, at_most.",
    ),
    "expected_range_upside_down": (
        "tier_expectations",
        "C,purchases,0,3",
        "C,purchases,4,3",
        "line 4: low 4 is above high 3. Write the lower number first.",
    ),
    "expected_range_without_bound": (
        "tier_expectations",
        "abcd,A,purchases,1,",
        "abcd,A,purchases,,",
        "line 2: neither low nor high is given, so that every customer is as expected. Write one of them.",
    ),
    "unknown_behaviour": (
        "tier_expectations",
        "D,purchases",
        "D,visits",
        "line 5: behaviour 'visits' is unknown. Known are: purchases, spend.",
    ),
    "unknown_signal": (
        "churn_reason_rules",
        "complaints,at_least",
        "complaint,at_least",
        "line 8: signal 'complaint' is unknown. Did you mean complaints?",
    ),
    "event_without_days": (
        "churn_reason_rules",
        "nps_answer,at_most,6,30",
        "nps_answer,at_most,6,",
        "line 2: look_back_days of low_recommendation is empty, so that no event counts.",
    ),
    "state_with_days": (
        "churn_reason_rules",
        "purchase_days,at_most,1,",
        "purchase_days,at_most,1,30",
        "line 15: look_back_days of one_time_purchase is 30, but purchase_days is a state of the day of loss.",
    ),
    "two_reasons_of_one_priority": (
        "churn_reason_rules",
        APPEND,
        "retail,complaint,service,5,complaints,at_least,2,30,K2.complaint,x\n",
        "line {line}: priority 5 is that of unresolved_ticket and complaint, so that neither goes first.",
    ),
    "reason_called_unknown": (
        "churn_reason_rules",
        "all,contact_lapse",
        "all,unknown",
        "line 16: reason 'unknown' is what no rule is met for. Give the reason another name.",
    ),
    "reason_without_group": (
        "churn_reason_rules",
        "high_effort,survey",
        "high_effort,surveys",
        "line 4: reason_group 'surveys' is unknown. Did you mean survey?",
    ),
}
