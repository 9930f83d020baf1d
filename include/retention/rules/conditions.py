"""Rules of tiers, stages and labels: what each condition asks, and how the rules of a scheme follow one another.

The macros of `dbt_project/macros/rules` refuse the same rows one by one when a model is compiled.
"""

from collections.abc import Iterator, Sequence

from retention.rules.declared import Metric
from retention.sql import literal

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "contains", "is_null", "not_null")
LIFECYCLE_SCHEMES = ("lifecycle_age", "lifecycle_activity", "lifecycle_curve", "lifecycle_stage", "lifecycle_dormancy")


def make_conditions(metrics: Sequence[Metric]) -> Iterator[str]:
    """Statements that bring the three rule seeds into one table `conditions`, and the metrics into `metrics`."""
    rows = ", ".join(
        f"({literal(one.name)}, {literal(one.kind)}, {literal(one.takes_argument)}, {one.is_of_lifecycle}, "
        f"{one.is_replayed}, {one.is_of_dormancy})"
        for one in metrics
    )
    yield f"""
        create table metrics as
        from (values {rows}) as listed (name, kind, argument, is_of_lifecycle, is_replayed, is_of_dormancy)
    """
    ordered = """
        select '{seed}' as seed, line, profile, scheme, rule_id, try_cast(rule_rank as integer) as rule_rank, tier,
            condition_group, metric, operator, value, 'scheme ' || scheme || ', rank ' || rule_rank as place
        from {seed}
    """
    yield f"""
        create table conditions as
        with every_condition as (
            {ordered.format(seed="tier_rules")} union all {ordered.format(seed="lifecycle_rules")} union all
            select 'label_rules', line, profile, label, rule_id, null, label, condition_group, metric, operator, value,
                'label ' || label || ', group ' || condition_group
            from label_rules
        )
        select every_condition.*, 'rule ' || rule_id || ' (' || place || '): ' as named,
            string_split(metric, ':')[1] as metric_name, kind, argument, is_of_lifecycle, is_replayed, is_of_dormancy
        from every_condition left join metrics on string_split(metric, ':')[1] = metrics.name
    """


def condition_checks() -> Iterator[str]:
    """The query of conditions that ask for what there is not, or in a way that has no answer."""
    cases = ", ".join(f"if({condition}, {text}, null)" for condition, text in _wrong_conditions())
    yield f"select seed, line, profile, named || unnest([{cases}]) as problem from conditions as rows"


def _wrong_conditions() -> Iterator[tuple[str, str]]:
    """Conditions of SQL that a wrong row of a rule meets, and what is said of it."""
    asks = "metric not in ('always', 'never')"
    compares = f"{asks} and kind is not null and operator not in ('is_null', 'not_null')"
    some = ", ".join(literal(one) for one in OPERATORS)
    nearest = "(select arg_max(metrics.name, alike(metrics.name, rows.metric_name)) from metrics)"
    replayed = "(select string_agg(name, ', ' order by name) from metrics where is_replayed)"
    dormancy = "(select string_agg(name, ', ' order by name) from metrics where is_of_dormancy)"
    axis = f"(select arg_max(name, alike(name, rows.scheme)) from (select unnest({list(LIFECYCLE_SCHEMES)}) as name))"
    yield (
        f"{asks} and kind is null",
        f"'metric ' || said(metric_name) || ' is unknown. Did you mean ' || {nearest} "
        "|| '? docs/metrics.md lists them all.'",
    )
    yield (
        "metric = 'never' and seed != 'label_rules'",
        "'only a label can be switched off. Delete the scheme''s rules.'",
    )
    yield (
        "seed != 'lifecycle_rules' and is_of_lifecycle",
        "'metric ' || said(metric_name) || ' is one of the lifecycle alone. Ask for it in lifecycle_rules.csv.'",
    )
    yield (
        f"seed = 'lifecycle_rules' and scheme not in {LIFECYCLE_SCHEMES}",
        f"'scheme ' || said(scheme) || ' is no axis of the lifecycle. Did you mean ' || {axis} || '?'",
    )
    yield (
        f"seed = 'lifecycle_rules' and scheme != 'lifecycle_dormancy' and {asks} and not is_replayed",
        "'metric ' || said(metric) || ' is not known for every past day, so the day a stage began could not be found. "
        f"Use one of: ' || {replayed} || '.'",
    )
    yield (
        f"seed = 'lifecycle_rules' and scheme = 'lifecycle_dormancy' and {asks} and not is_of_dormancy",
        f"'metric ' || said(metric) || ' is none that dormancy is judged by. Use one of: ' || {dormancy} || '.'",
    )
    yield (
        "contains(metric, ':') and kind is not null and (argument is null or metric = metric_name || ':')",
        "'metric ' || said(metric) || ' has a colon where nothing can follow one. Write ' || metric_name || ' alone' "
        "|| coalesce(', or behind the colon ' || argument, '') || '.'",
    )
    yield (
        f"{asks} and coalesce(operator, '') not in ({some})",
        "'operator ' || said(coalesce(operator, '')) || ' is unknown. "
        "Use =, !=, <, <=, >, >=, contains, is_null or not_null.'",
    )
    yield (
        f"{compares} and value is null and operator in ({some})",
        "'the condition on ' || metric || ' has no value. Fill in the column value.'",
    )
    yield (
        f"{compares} and kind = 'text' and operator in ('<', '<=', '>', '>=')",
        "metric || ' is a text and has no order. Use =, !=, contains, is_null or not_null.'",
    )
    yield (
        f"{compares} and kind != 'text' and operator = 'contains'",
        "metric || ' is a number and contains no text. Use =, !=, <, <=, > or >=.'",
    )
    yield (
        f"{compares} and kind != 'text' and not regexp_full_match(value, '[+-]?[0-9]+([.][0-9]+)?')",
        "said(value) || ' is no number, and ' || metric || ' is one. Correct the column value.'",
    )
    yield (
        "starts_with(tier, '{') and trim(tier, '{}') not in (select name from metrics where kind = 'text')",
        "'its tier ' || tier || ' names no metric that is a text. Write a tier''s code, or {preferred_category}.'",
    )
    yield (
        "seed = 'label_rules' and metric = 'always'",
        "'every customer would hold the label. Ask a metric, or switch the label off with never.'",
    )


def scheme_checks() -> Iterator[str]:
    """Queries of rules that do not follow one another, or of rows that make no rule together."""
    yield _within(
        "first_value(rule_id) over (rule_group) as first_id, first_value(tier) over (rule_group) as first_tier",
        "window rule_group as (partition by seed, profile, scheme, rule_rank order by line)",
        "seed != 'label_rules' and (rule_id != first_id or tier != first_tier)",
        "'its rank is that of rule ' || first_id || ' (tier ' || first_tier || '). "
        "Give every rule a rank of its own, and all its rows the same rule_id and tier.'",
    )
    yield _within(
        "first_value(rule_id) over (label_rows) as first_id, bool_or(metric = 'never') over (label_all) as is_off",
        "window label_rows as (partition by seed, profile, scheme order by line), "
        "label_all as (partition by seed, profile, scheme)",
        "seed = 'label_rules' and (rule_id != first_id or is_off and metric != 'never')",
        "if(is_off, 'its label is switched off by ''never''. Delete the row with never, or this one.', "
        "'the label is given by rule ' || first_id || ' too. A label is one rule: "
        "give all its rows one rule_id, and write alternatives as groups.')",
    )
    yield _within(
        "count(*) over (partition by seed, profile, scheme, rule_rank, condition_group) as conditions_of_group",
        "",
        "seed != 'label_rules' and metric = 'always' and conditions_of_group > 1",
        "'''always'' stands beside other conditions. Delete it, or give it a rule of its own.'",
    )
    yield _ordered(
        "rule_rank > coalesce(rank_before, 0) + 1",
        "'no rule of its scheme has rank ' || (coalesce(rank_before, 0) + 1) || '. "
        "Number the rules 1, 2, 3 without a gap: a rule may have been lost.'",
    )
    yield _ordered(
        "first_rank < rule_rank",
        "'a rule of a better rank has the same rule_id. "
        "Give every rule an ID of its own: reasons and reviews name it.'",
    )
    yield _ordered(
        "is_always and rank_after is not null",
        "'it always holds, so that no rule behind it is ever tried. Give it the last rank.'",
    )
    yield _ordered(
        "not is_always and rank_after is null",
        "'scheme ' || scheme || ' has no catch-all: a customer that meets no rule would have no tier. "
        "Add a last row of rank ' || (rule_rank + 1) || ' with metric ''always''.'",
        line="last_line",
    )


def _within(columns: str, window: str, condition: str, text: str) -> str:
    return f"""
        select seed, line, profile, named || {text} as problem
        from (select *, {columns} from conditions {window}) where {condition}
    """


def _ordered(condition: str, text: str, line: str = "line") -> str:
    """Rules in their order; a scheme with a rank that is no number is told of that alone."""
    return f"""
        with sound as (
            select *, first_value(named) over (rule_order) as named_first
            from conditions
            where seed != 'label_rules'
            window rule_order as (partition by seed, profile, scheme, rule_rank order by line)
            qualify not bool_or(rule_rank is null) over (partition by seed, profile, scheme)
        ),
        ranked as (
            select seed, profile, scheme, rule_rank, min(line) as line, max(line) as last_line,
                arg_min(rule_id, line) as rule_id, any_value(named_first) as named,
                bool_or(metric = 'always') as is_always
            from sound group by all
        ),
        rules as (
            select *, lag(rule_rank) over (by_rank) as rank_before, lead(rule_rank) over (by_rank) as rank_after,
                min(rule_rank) over (partition by seed, profile, scheme, rule_id) as first_rank
            from ranked window by_rank as (partition by seed, profile, scheme order by rule_rank)
        )
        select seed, {line} as line, profile, named || {text} as problem from rules where {condition}
    """
