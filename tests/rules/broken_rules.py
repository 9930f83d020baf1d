"""Rows of rules, bands, labels, targets and parameters that are wrong."""

APPEND = ""
"""Stands for the end of a file where a scenario says what is replaced."""
TIER = "all,retention_abcd,T1.B,2,B,1,rfm_score,>=,65\n"
PARAMETER = "\nretail,active_window_days,"
BROKEN_RULES: dict[str, tuple[str, str, str, str]] = {
    "rank_that_is_no_number": (
        "tier_rules",
        TIER,
        TIER.replace(",2,", ",two,"),
        "line 3: rule_rank 'two' is no whole number. Write 1, 2, 3.",
    ),
    "too_few_values": (
        "tier_rules",
        TIER,
        "all,retention_abcd,T1.B,2,B,1,rfm_score\n",
        "line 3: the row has too few values. Write 9: profile,scheme,",
    ),
    "too_many_values": (
        "labels",
        "T1,RFM score 80 and more",
        "T1,RFM score, 80",
        "line 2: the row has too many values.",
    ),
    "open_quotation_mark": (
        "rfm_bands",
        "cdnow,monetary,2,50,currency,R3,50 up to",
        'cdnow,monetary,2,50,currency,R3,"50" up',
        "line 29: the row has a quotation mark that is not closed",
    ),
    "header": ("rfm_bands", "profile,measure,", "profile,measures,", "line 1: the header is 'profile,measures,band"),
    "unknown_profile": (
        "profile_parameters",
        "retail,active_window_days",
        "retial,active_window_days",
        "line {line}: profile 'retial' is unknown. Did you mean retail? Else add it to profiles.csv.",
    ),
    "unknown_parameter": (
        "profile_parameters",
        "retail,active_window_days",
        "retail,active_windows_day",
        "line {line}: parameter 'active_windows_day' is unknown. Did you mean active_window_days?",
    ),
    "parameter_of_a_wrong_type": (
        "profile_parameters",
        "retail,active_window_days,90",
        "retail,active_window_days,three months",
        "line {line}: active_window_days is 'three months'. Write a whole number from 1 on.",
    ),
    "share_of_nothing": (
        "profile_parameters",
        "all,campaign_significance,0.05",
        "all,campaign_significance,0",
        "line {line}: campaign_significance is '0'. Write a number between 0 and 1.",
    ),
    "parameter_of_an_unknown_word": (
        "profile_parameters",
        "all,score_convention,quantile",
        "all,score_convention,quintile",
        "line {line}: score_convention is 'quintile'. Write quantile or ntile.",
    ),
    "negative_weight": (
        "profile_parameters",
        "all,recency_weight,1",
        "all,recency_weight,-1",
        "line {line}: recency_weight is '-1'. Write a number from 0 on.",
    ),
    "no_weight_at_all": (
        "profile_parameters",
        APPEND,
        "retail,recency_weight,0,,R5,x\nretail,frequency_weight,0,,R5,x\nretail,monetary_weight,0,,R5,x\n",
        "line {line}: the three weights of profile retail are 0, so that nobody has a score.",
    ),
    "scheme_without_rules": (
        "profile_parameters",
        "all,primary_scheme,retention_abcd",
        "all,primary_scheme,retention_abc",
        "line {line}: primary_scheme names scheme 'retention_abc', which has no rules for profile all."
        " Did you mean retention_abcd?",
    ),
    "unordered_scheme_without_rules": (
        "profile_parameters",
        '"product_preference,need_scenario"',
        '"product_preference, needs"',
        "line {line}: unordered_schemes names scheme 'needs', which has no rules",
    ),
    "no_currency": (
        "profile_parameters",
        "cdnow,reporting_currency,",
        "cdnow,evaluation_months,",
        "profile cdnow names no reporting_currency. Add the row: cdnow,reporting_currency,USD,,I2,",
    ),
    "default_lost": (
        "profile_parameters",
        "all,history_months,",
        "retail,history_months,",
        "profile all has no history_months. Restore its row.",
    ),
    "unknown_measure": ("rfm_bands", "retail,recency,2,", "retail,recent,2,", "line 15: measure 'recent' is unknown."),
    "no_band_for_the_rest": (
        "rfm_bands",
        "retail,monetary,1,,,",
        "retail,monetary,1,5,currency,",
        "line 23: band 1 of monetary is the lowest and has a bound",
    ),
    "bands_out_of_order": (
        "rfm_bands",
        "retail,recency,3,30,",
        "retail,recency,3,5,",
        "line 14: band 3 of recency is never reached: its bound 5 lies within that of band 4, 7.",
    ),
    "gap_between_bands": (
        "rfm_bands",
        "retail,frequency,2,1,",
        "retail,frequency,0,1,",
        "line 20: band 1 of frequency does not follow band 3.",
    ),
    "unit_of_recency": (
        "rfm_bands",
        "retail,recency,2,90,days",
        "retail,recency,2,90,weeks",
        "line 15: the bound of recency",
    ),
    "scores_without_a_segment": (
        "rfm_segments",
        "rfm_package,11,others,1,5,",
        "rfm_package,11,others,1,4,",
        "combinations of scores have no segment in profile rfm_package.",
    ),
    "unknown_metric": (
        "tier_rules",
        TIER,
        TIER.replace("rfm_score", "rfm_scor"),
        "line 3: rule T1.B (scheme retention_abcd, rank 2): metric 'rfm_scor' is unknown. Did you mean rfm_score?",
    ),
    "unknown_operator": (
        "label_rules",
        "complaints_12m,>=,3",
        "complaints_12m,=>,3",
        "line 4: rule B.complained_often (label complained_often, group 1): operator '=>' is unknown.",
    ),
    "no_number": (
        "lifecycle_rules",
        "retail,lifecycle_age,L1.new,1,new,1,age_days,<=,90",
        "retail,lifecycle_age,L1.new,1,new,1,age_days,<=,ninety",
        "line 6: rule L1.new (scheme lifecycle_age, rank 1): 'ninety' is no number, and age_days is one.",
    ),
    "metric_of_the_lifecycle": (
        "tier_rules",
        TIER,
        TIER.replace("rfm_score", "age_days"),
        "line 3: rule T1.B (scheme retention_abcd, rank 2): metric 'age_days' is one of the lifecycle alone.",
    ),
    "metric_that_no_past_day_knows": (
        "lifecycle_rules",
        "all,lifecycle_age,L1.new,1,new,1,age_days,<=,90",
        "all,lifecycle_age,L1.new,1,new,1,rfm_score,<=,90",
        "line 2: rule L1.new (scheme lifecycle_age, rank 1): metric 'rfm_score' is not known for every past day",
    ),
    "unknown_axis": (
        "lifecycle_rules",
        "all,lifecycle_dormancy,L4.awake,2,",
        "all,lifecycle_dormant,L4.awake,1,",
        "scheme 'lifecycle_dormant' is no axis of the lifecycle. Did you mean lifecycle_dormancy?",
    ),
    "gap_between_ranks": (
        "tier_rules",
        TIER,
        "",
        "line 3: rule T1.C (scheme retention_abcd, rank 3): no rule of its scheme has rank 2.",
    ),
    "no_catch_all": (
        "tier_rules",
        "all,clv_tier,T5.v_none,4,unscored,1,always,,\n",
        "",
        "scheme clv_tier has no catch-all: a customer that meets no rule would have no tier. Add a last row of"
        " rank 4 with metric 'always'.",
    ),
    "rule_behind_the_catch_all": (
        "tier_rules",
        APPEND,
        "all,clv_tier,T5.late,5,ordinary,1,rfm_score,>=,1\n",
        "rule T5.v_none (scheme clv_tier, rank 4): it always holds, so that no rule behind it is ever tried.",
    ),
    "two_rules_of_one_rank": (
        "tier_rules",
        TIER,
        TIER.replace(",2,", ",1,"),
        "line 3: rule T1.B (scheme retention_abcd, rank 1): its rank is that of rule T1.A (tier A).",
    ),
    "always_beside_a_condition": (
        "tier_rules",
        APPEND,
        "all,clv_tier,T5.v_none,4,unscored,1,rfm_score,>=,1\n",
        "'always' stands beside other conditions.",
    ),
    "label_switched_off_beside_conditions": (
        "label_rules",
        APPEND,
        "all,dissatisfied,B.dissatisfied,2,never,,\n",
        "line 5: rule B.dissatisfied (label dissatisfied, group 1): its label is switched off by 'never'.",
    ),
    "tier_without_a_name": (
        "tier_rules",
        TIER,
        TIER.replace(",B,", ",Bee,"),
        "line 3: retention_abcd 'Bee' has no name in labels.csv. Add the row: retention_abcd,Bee,English name,",
    ),
    "label_without_a_name": (
        "label_rules",
        APPEND,
        "all,quiet,B.quiet,1,recency_days,>,90\n",
        "line 24: label 'quiet' has no name in labels.csv. Add the row: label,quiet,",
    ),
    "segment_without_a_name": (
        "rfm_segments",
        "all,1,champions",
        "all,1,champion",
        "line 2: rfm_segment 'champion' has no name",
    ),
    "stage_without_a_name": (
        "lifecycle_rules",
        "all,lifecycle_age,L1.new,1,new,",
        "all,lifecycle_age,L1.new,1,newest,",
        "line 2: age_stage 'newest' has no name",
    ),
    "row_twice": (
        "tier_rules",
        TIER,
        TIER + TIER,
        "line 4: line 3 has the same (profile, scheme, rule_rank, condition_group, metric, operator, value): all,",
    ),
    "parameter_twice": (
        "profile_parameters",
        PARAMETER,
        "\nretail,active_window_days,30,days,M1,Twice" + PARAMETER,
        "line {line}: line {above} has the same (profile, parameter): retail, active_window_days. Delete one of them.",
    ),
    "empty_value": (
        "profile_parameters",
        "all,history_months,36",
        "all,history_months,",
        "line {line}: column value is empty.",
    ),
    "target_of_nobody": (
        "targets",
        "all,retention_abcd,A,",
        "all,retention_abcd,AA,",
        "line 2: no rule of scheme 'retention_abcd' gives",
    ),
    "target_that_is_no_number": ("targets", "rolling,0.85", "rolling,85 %", "line 3: target '85 %' is no number."),
    "width_of_no_band": (
        "profile_parameters",
        "all,survival_band_z,1.95",
        "all,survival_band_z,-1.95",
        "line {line}: survival_band_z is '-1.959963984540054'. Write a number above 0.",
    ),
    "bounds_of_risk_crossed_by_a_profile": (
        "profile_parameters",
        APPEND,
        "retail,churn_risk_medium_from,0.6,,M8,x\n",
        "line {line}: churn_risk_medium_from is 0.6 and above churn_risk_high_from, 0.5, so that nobody is in the band"
        " between. Write the lower number for churn_risk_medium_from.",
    ),
    "bounds_of_health_crossed": (
        "profile_parameters",
        "all,health_yellow_from,40",
        "all,health_yellow_from,80",
        "line {line}: health_yellow_from is 80 and above health_green_from, 70",
    ),
}
"""By scenario: seed, text that is there, what it becomes, and what is told of it.

{line} stands for the line on which the new text ends, {above} for the one above it.
"""
