"""Codes that a rule can give and that nobody has named in labels.csv."""

from collections.abc import Iterator

CODE_SETS = {
    "lifecycle_age": "age_stage",
    "lifecycle_activity": "activity_state",
    "lifecycle_curve": "curve_stage",
    "lifecycle_dormancy": "dormancy",
}
"""Code sets of the lifecycle's axes, where they are called otherwise."""
BANDS = {"recency": "r_band", "frequency": "f_band", "monetary": "m_band"}


def name_checks() -> Iterator[str]:
    """Queries of codes without a row in labels.csv, each told where it first stands."""
    axes = " ".join(f"when '{scheme}' then '{code_set}'" for scheme, code_set in CODE_SETS.items())
    bands = " ".join(f"when '{measure}' then '{code_set}'" for measure, code_set in BANDS.items())
    yield f"""
        with codes as (
            select 'tier_rules' as seed, line, profile, 'scheme' as code_set, scheme as code, rule_id from tier_rules
            union all
            select 'tier_rules', line, profile, scheme, tier, rule_id from tier_rules where not starts_with(tier, '{{')
            union all
            select 'lifecycle_rules', line, profile, case scheme {axes} else scheme end, tier, rule_id
            from lifecycle_rules
            union all
            select 'label_rules', line, profile, 'label', label, rule_id from label_rules where metric != 'never'
            union all
            select 'rfm_segments', line, profile, 'rfm_segment', segment, rule_id from rfm_segments
            union all
            select 'rfm_bands', line, profile, case measure {bands} end, band, rule_id from rfm_bands
            union all
            select 'retention_definitions', line, null, 'cohort_definition', definition, rule_id
            from retention_definitions
            union all
            select 'service_policy_rules', line, profile, 'contact', policy, rule_id from service_policy_rules
            union all
            select 'service_policy_rules', line, profile, 'contact_owner', owner_role, rule_id from service_policy_rules
            union all
            select 'contact_triggers', line, profile, 'contact', trigger, rule_id from contact_triggers
            union all
            select 'contact_triggers', line, profile, 'contact_owner', owner_role, rule_id from contact_triggers
            union all
            select 'contact_channels', line, profile, 'contact_channel', channel, rule_id from contact_channels
            union all
            select 'sla_policies', line, profile, 'policy_set', policy_set, rule_id from sla_policies
            union all
            select 'board_metrics', line, profile, 'board_category', category, rule_id from board_metrics
            union all
            select 'board_metrics', line, profile, 'owner_role', owner, rule_id from board_metrics
            union all
            select 'region_owners', line, profile, 'owner_role', owner_role, 'W1' from region_owners
            union all
            select 'program_dimensions', line, profile, 'program_dimension', dimension, rule_id from program_dimensions
            union all
            select 'program_measures', line, profile, 'program_measure', measure, rule_id from program_measures
            union all
            select 'program_measures', line, profile, 'program_advice', advice, rule_id from program_measures
            union all
            select 'churn_reason_rules', line, profile, 'churn_reason', reason, rule_id from churn_reason_rules
        )
        select seed, min(line) as line, arg_min(profile, line) as profile, code_set || ' ' || said(code)
            || ' has no name in labels.csv. Add the row: ' || code_set || ',' || code || ',English name,中文名称,'
            || arg_min(rule_id, line) || ',What it means' as problem
        from codes
        where code is not null and code_set is not null and not exists (
            select 1 from labels where labels.code_set = codes.code_set and labels.code = codes.code
        )
        group by seed, code_set, code
    """
