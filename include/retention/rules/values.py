"""Values that stand alone: empty ones, those of a wrong type, unknown profiles, rows that stand twice."""

from collections.abc import Iterator, Sequence

from retention.rules.declared import Seed
from retention.sql import literal, quoted

MAY_BE_EMPTY = {
    "profile_parameters": {"unit"},
    "rfm_bands": {"bound", "unit"},
    "targets": {"warn_at", "alarm_at", "expected_low", "expected_high", "owner"},
    "resource_budgets": {"quarter_start", "owner", "purpose"},
    "plan_objectives": {"measures", "owner", "baseline", "resources", "expected_effect", "milestones"},
    "board_metrics": {"target", "alarm_at", "window_days"},
    "tier_rules": {"operator", "value"},
    "lifecycle_rules": {"operator", "value"},
    "label_rules": {"operator", "value"},
    "contact_triggers": {"within_hours", "scheme", "tier", "min_amount", "event_values"},
    "contact_templates": {"fields"},
    "tier_expectations": {"low", "high"},
    "churn_reason_rules": {"look_back_days"},
    "alert_rules": {
        "lookback_days",
        "min_count",
        "min_age_days",
        "value_bound",
        "categories",
        "threshold",
        "close_threshold",
        "critical_threshold",
    },
}
KEYS = {
    "profiles": ["profile"],
    "profile_parameters": ["profile", "parameter"],
    "rfm_bands": ["profile", "measure", "band"],
    "rfm_segments": ["profile", "segment_rank"],
    "tier_rules": ["profile", "scheme", "rule_rank", "condition_group", "metric", "operator", "value"],
    "lifecycle_rules": ["profile", "scheme", "rule_rank", "condition_group", "metric", "operator", "value"],
    "label_rules": ["profile", "label", "condition_group", "metric", "operator", "value"],
    "labels": ["code_set", "code"],
    "targets": ["profile", "scheme", "tier", "metric", "period_type"],
    "resource_budgets": ["profile", "scheme", "tier", "quarter_start"],
    "plan_objectives": ["profile", "objective_id"],
    "board_metrics": ["profile", "metric"],
    "region_owners": ["profile", "region"],
    "survey_scales": ["survey_type"],
    "satisfaction_benchmarks": ["profile", "survey_type", "dimension", "dimension_value"],
    "migration_spans": ["profile", "span_months"],
    "repurchase_windows": ["profile", "window_days"],
    "retention_definitions": ["definition"],
    "retention_brackets": ["profile", "bracket_number"],
    "churn_risk_factors": ["profile", "factor"],
    "health_factors": ["profile", "factor"],
    "service_policy_rules": ["profile", "scheme", "tier", "policy"],
    "contact_triggers": ["profile", "trigger"],
    "contact_channels": ["profile", "channel"],
    "contact_templates": ["template", "language"],
    "sla_policies": ["profile", "policy_set", "metric", "priority", "ticket_type", "scheme", "tier"],
    "severity_map": ["profile", "source_severity"],
    "working_hours": ["profile", "region", "iso_weekday", "opens_at"],
    "holidays": ["holiday_calendar", "holiday_on"],
    "program_dimensions": ["profile", "dimension"],
    "program_measures": ["profile", "measure"],
    "program_core_metrics": ["profile", "metric", "scheme", "tier"],
    "tier_expectations": ["profile", "scheme", "tier", "behaviour"],
    "churn_reason_rules": ["profile", "reason"],
    "alert_rules": ["profile", "rule_id"],
}
FOLDED = {"severity_map": ("source_severity",)}
"""Key columns that models join whatever their capitals and outer blanks."""
NUMBER = r"'[+-]?[0-9]+([.][0-9]+)?'"
TYPES = {
    "integer": (r"regexp_full_match({}, '[+-]?[0-9]{{1,9}}')", "is no whole number. Write 1, 2, 3."),
    "decimal": (
        f"regexp_full_match({{}}, {NUMBER})",
        "is no number. Write it as 12.50, without unit or thousands mark.",
    ),
    "double": (f"regexp_full_match({{}}, {NUMBER})", "is no number. Write it as 0.95, without unit or percent sign."),
    "boolean": ("lower({}) in ('true', 'false')", "is neither true nor false. Write one of them."),
    "date": ("try_cast({} as date) is not null", "is no day. Write it as 2024-03-31."),
}
"""By the first word of a column's type: a condition of SQL that a right value meets, and what is said of another."""


def value_checks(seeds: Sequence[Seed]) -> Iterator[str]:
    """Queries of the problems of single values and rows."""
    for seed in seeds:
        cases = ", ".join(f"if({condition}, {text}, null)" for condition, text in _wrong_values(seed))
        yield (
            f"select {literal(seed.name)} as seed, line, {_profile(seed)} as profile, unnest([{cases}]) as problem "
            f"from {seed.name}"
        )
        yield _twice(seed)
    of_profiles = " union all ".join(
        f"select {literal(seed.name)} as seed, line, profile as named from {seed.name}"
        for seed in seeds
        if _profile(seed) == "profile"
    )
    # A profile that is misspelt is nobody's: it stops every run.
    yield f"""
        select seed, line, null as profile, 'profile ' || said(named) || ' is unknown. Did you mean '
            || (select arg_max(profiles.profile, alike(profiles.profile, named)) from profiles)
            || '? Else add it to profiles.csv.' as problem
        from ({of_profiles})
        where named not in (select profiles.profile from profiles where profiles.profile is not null)
    """


def _profile(seed: Seed) -> str:
    """An expression of SQL: the profile that a row of a seed belongs to."""
    return "profile" if "profile" in seed.columns and seed.name != "profiles" else "null"


def _wrong_values(seed: Seed) -> Iterator[tuple[str, str]]:
    """Conditions of SQL that a wrong value of a column meets, and what is said of it."""
    for column, kind in seed.columns.items():
        if column not in {"description", *MAY_BE_EMPTY.get(seed.name, ())}:
            yield f"{quoted(column)} is null", literal(f"column {column} is empty. Fill it in.")
        check = TYPES.get(kind.split("(")[0])
        if check:
            wrong = f"not coalesce({check[0].format(quoted(column))}, true)"
            yield wrong, f"{literal(column + ' ')} || said({quoted(column)}) || {literal(' ' + check[1])}"


def _twice(seed: Seed) -> str:
    folded = FOLDED.get(seed.name, ())
    keys = [f"lower(trim({quoted(one)}))" if one in folded else quoted(one) for one in KEYS[seed.name]]
    told = " || ', ' || ".join(f"coalesce({quoted(column)}, '')" for column in KEYS[seed.name])
    aside = f" (capitals and outer blanks of {', '.join(folded)} count for nothing)" if folded else ""
    return f"""
        select {literal(seed.name)} as seed, line, {_profile(seed)} as profile,
            'line ' || first_line || ' has the same ({", ".join(KEYS[seed.name])}): ' || {told}
                || '{aside}. Delete one of them.' as problem
        from (select *, min(line) over (partition by {", ".join(keys)}) as first_line from {seed.name})
        where line > first_line
    """
