"""Rows of factors, brackets and definitions of retention that are wrong, in the form of BROKEN_RULES."""

from tests.rules.broken_rules import APPEND

LATER = "all,1,1,30,"


def no_weights(profile: str, factors: str) -> str:
    """Rows that leave factors out."""
    return "".join(f"{profile},{factor},0,0,1,X,x\n" for factor in factors.split())


BROKEN_FACTORS: dict[str, tuple[str, str, str, str]] = {
    "unknown_factor_of_risk": (
        "churn_risk_factors",
        "all,cadence_ratio",
        "all,cadence_ration",
        "line 3: factor 'cadence_ration' is unknown. Did you mean cadence_ratio? Known are: p_alive, cadence_ratio, ",
    ),
    "negative_weight_of_risk": (
        "churn_risk_factors",
        "cadence_ratio,3,",
        "cadence_ratio,-3,",
        "line 3: the weight -3 of cadence_ratio is below 0. Write 0 to leave the factor out.",
    ),
    "flat_factor_of_risk": (
        "churn_risk_factors",
        "cadence_ratio,3,1,3",
        "cadence_ratio,3,1,1.0",
        "line 3: low and high of cadence_ratio are both 1. Write the values where its score is 0 and where it is 1.",
    ),
    "no_weight_of_risk_in_a_profile": (
        "churn_risk_factors",
        APPEND,
        no_weights(
            "retail",
            "p_alive cadence_ratio recency_share frequency_change_rate spend_change_rate days_since_last_interaction"
            " satisfaction_score complaints_12m open_tickets",
        ),
        "line {line}: all weights of profile retail are 0, so that nobody has a score. Give one factor a weight above",
    ),
    "factor_of_risk_twice": (
        "churn_risk_factors",
        APPEND,
        "all,p_alive,3,1,0,M8,x\n",
        "line {line}: line 2 has the same (profile, factor): all, p_alive. Delete one of them.",
    ),
    "unknown_factor_of_health": (
        "health_factors",
        "all,open_tickets",
        "all,tickets_open",
        "line 8: factor 'tickets_open' is unknown. Did you mean",
    ),
    "negative_weight_of_health": (
        "health_factors",
        "open_tickets,1,",
        "open_tickets,-0.5,",
        "line 8: the weight -0.5 of open_tickets is below 0.",
    ),
    "flat_factor_of_health": (
        "health_factors",
        "open_tickets,1,2,0",
        "open_tickets,1,0,0",
        "line 8: low and high of open_tickets are both 0.",
    ),
    "no_weight_of_health_in_a_profile": (
        "health_factors",
        APPEND,
        no_weights(
            "cdnow",
            "cadence_ratio recency_share frequency_change_rate spend_change_rate days_since_last_interaction"
            " satisfaction_score open_tickets contract_days_left",
        ),
        "line {line}: all weights of profile cdnow are 0, so that nobody has a score.",
    ),
    "weight_of_health_that_is_no_number": (
        "health_factors",
        "open_tickets,1,",
        "open_tickets,one,",
        "line 8: weight 'one' is no number.",
    ),
    "bracket_that_ends_before_it_begins": (
        "retention_brackets",
        LATER,
        "all,1,31,30,",
        "line 3: bracket 1 ends at day 30, before its first, 31. Write the earlier day as from_days.",
    ),
    "bracket_of_a_negative_day": (
        "retention_brackets",
        "all,0,0,0,",
        "all,0,-1,0,",
        "line 2: bracket 0 begins at day -1. Write 0, the day of the first purchase, or a later day.",
    ),
    "brackets_that_overlap": (
        "retention_brackets",
        LATER,
        "all,1,1,31,",
        "line 4: bracket 2 begins at day 31, and bracket 1 ends at day 31: no day can be in both.",
    ),
    "brackets_with_a_gap": (
        "retention_brackets",
        LATER,
        "all,1,1,29,",
        "line 4: bracket 2 begins at day 31, and bracket 1 ends at day 29: who comes between them is in no bracket."
        " Let it begin at day 30.",
    ),
    "brackets_in_a_false_order": (
        "retention_brackets",
        "all,0,0,0,",
        "all,9,0,0,",
        "line 2: bracket 9 begins at day 0, and bracket 5 ends at day 365: no day can be in both.",
    ),
    "bracket_that_is_no_number": ("retention_brackets", LATER, "all,1,1,a month,", "line 3: until_days 'a month' is"),
    "definition_lost": (
        "retention_definitions",
        "rolling,period,true,M2,Active in the period or in any later one up to the as-of day\n",
        "",
        "definition rolling has a name in labels.csv and no row. Restore its row",
    ),
    "definition_misspelt": (
        "retention_definitions",
        "classic,",
        "clasic,",
        "line 2: cohort_definition 'clasic' has no name in labels.csv.",
    ),
    "definition_twice": (
        "retention_definitions",
        APPEND,
        "classic,period,false,M2,Again\n",
        "line 5: line 2 has the same (definition): classic. Delete one of them.",
    ),
    "definition_of_an_unknown_basis": (
        "retention_definitions",
        "rolling,period",
        "rolling,periods",
        "line 3: basis 'periods' of rolling is unknown. Write period or bracket.",
    ),
}
