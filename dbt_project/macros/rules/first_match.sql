{#
  The rule engine. A scheme is an ordered list of rules in a seed; a rule is one or more groups of conditions;
  a customer gets the outcome of the first rule of which one whole group holds. The rules become one CASE
  expression when the model is compiled, so a scheme costs one pass whatever the number of its rules.
#}

{# The rows of a rule seed for this run's profile, in the order of trial. #}
{% macro rule_rows(seed) -%}
    {% set columns = ["scheme", "rule_rank", "condition_group", "metric", "operator", "value", "rule_id", "tier"] %}
    {% set rows = seed_rows(seed, "scheme", columns) %}
    {% if execute and not rows %}
        {{ exceptions.raise_compiler_error(
            "Seed " ~ seed ~ " has no rule for this profile and none for 'all'. Add the rules of at least one scheme."
        ) }}
    {% endif %}
    {{ return(rows) }}
{%- endmacro %}

{# Stops the build on a row of a rule seed, and says where it stands. #}
{% macro rule_problem(row, problem, remedy) -%}
    {% set place = "seeds/" ~ row.seed ~ ".csv" ~ (", line " ~ row.line if row.line else "") ~ ": " if row.seed else "" %}
    {% set group = row.within or "scheme " ~ row.scheme ~ ", rank " ~ row.rule_rank %}
    {{ exceptions.raise_compiler_error(place ~ "rule " ~ row.rule_id ~ " (" ~ group ~ "): " ~ problem ~ " " ~ remedy) }}
{%- endmacro %}

{# A text as SQL writes it. #}
{% macro sql_text(text) -%}
    {{ return("'" ~ text | string | replace("'", "''") ~ "'") }}
{%- endmacro %}

{# Stops the build when rows that share a rank and a group do not make one rule. #}
{% macro check_rule_group(group) -%}
    {% for row in group.conditions %}
        {% if row.rule_id != group.rule.rule_id or row.tier != group.rule.tier %}
            {{ rule_problem(
                row,
                "its rank and group are those of rule " ~ group.rule.rule_id ~ " (tier " ~ group.rule.tier ~ ").",
                "Give every rule a rank of its own, and all its rows the same rule_id and tier.",
            ) }}
        {% endif %}
        {% if row.metric == "always" and group.conditions | length > 1 %}
            {{ rule_problem(row, "'always' stands beside other conditions.", "Delete it, or give it a rule of its own.") }}
        {% endif %}
    {% endfor %}
{%- endmacro %}

{# Of some names the one that shares most pairs of letters with a name, for a hint where that was misspelt. #}
{% macro nearest_name(name, known) -%}
    {% set nearest = namespace(name=none, shared=-1) %}
    {% for candidate in known %}
        {% set pairs = namespace(shared=0) %}
        {% for at in range(name | length - 1) if name[at:at + 2] in candidate %}
            {% set pairs.shared = pairs.shared + 1 %}
        {% endfor %}
        {# A long name shares pairs with everything. #}
        {% set likeness = 2 * pairs.shared / (name | length + candidate | length) %}
        {% if likeness > nearest.shared %}
            {% set nearest.name = candidate %}
            {% set nearest.shared = likeness %}
        {% endif %}
    {% endfor %}
    {{ return(nearest.name) }}
{%- endmacro %}

{# Stops the build when a condition asks for what there is not, or in a way that its metric has no answer to. #}
{% macro check_rule_condition(row) -%}
    {% set kinds = rule_metrics() %}
    {% set metric = metric_name(row.metric) %}
    {% if metric not in kinds %}
        {{ rule_problem(
            row,
            "metric '" ~ metric ~ "' is unknown.",
            "Did you mean " ~ nearest_name(metric, kinds.keys() | sort) ~ "? docs/metrics.md lists them all.",
        ) }}
    {% endif %}
    {% if row.seed and row.seed != "lifecycle_rules" and metric in lifecycle_metrics() %}
        {{ rule_problem(row, "metric '" ~ metric ~ "' is one of the lifecycle alone.", "Ask for it in lifecycle_rules.csv.") }}
    {% endif %}
    {% if metric_argument(row.metric) == "" or metric_argument(row.metric) is not none and metric not in metrics_with_argument() %}
        {{ rule_problem(
            row,
            "metric '" ~ row.metric ~ "' has a colon where nothing can follow one.",
            "Write " ~ metric ~ " alone" ~ (
                ", or behind the colon " ~ metrics_with_argument()[metric] if metric in metrics_with_argument() else ""
            ) ~ ".",
        ) }}
    {% endif %}
    {% if row.operator in ["is_null", "not_null"] %}{{ return("") }}{% endif %}
    {% if row.operator not in ["=", "!=", "<", "<=", ">", ">=", "contains"] %}
        {{ rule_problem(
            row,
            "operator '" ~ (row.operator or "") ~ "' is unknown.",
            "Use =, !=, <, <=, >, >=, contains, is_null or not_null.",
        ) }}
    {% endif %}
    {% if row.value is none %}
        {{ rule_problem(row, "the condition on " ~ row.metric ~ " has no value.", "Fill in the column value.") }}
    {% endif %}
    {% if kinds[metric] == "text" and row.operator not in ["=", "!=", "contains"] %}
        {{ rule_problem(row, row.metric ~ " is a text and has no order.", "Use =, !=, contains, is_null or not_null.") }}
    {% endif %}
    {% if kinds[metric] != "text" and row.operator == "contains" %}
        {{ rule_problem(row, row.metric ~ " is a number and contains no text.", "Use =, !=, <, <=, > or >=.") }}
    {% endif %}
    {% if kinds[metric] != "text" and not modules.re.fullmatch("[+-]?[0-9]+([.][0-9]+)?", row.value | string) %}
        {{ rule_problem(row, "'" ~ row.value ~ "' is no number, and " ~ row.metric ~ " is one.", "Correct the column value.") }}
    {% endif %}
{%- endmacro %}

{# One condition as SQL. A null metric meets no condition but is_null. #}
{% macro rule_condition(row) -%}
    {% if row.metric == "always" %}{{ return("true") }}{% endif %}
    {% do check_rule_condition(row) %}
    {% set column = metric_column(row.metric) %}
    {% if row.operator == "is_null" %}{{ return(column ~ " is null") }}{% endif %}
    {% if row.operator == "not_null" %}{{ return(column ~ " is not null") }}{% endif %}
    {% if row.operator == "contains" %}
        {{ return("instr(lower(" ~ column ~ "), " ~ sql_text(row.value | string | lower) ~ ") > 0") }}
    {% endif %}
    {% set is_text = rule_metrics()[metric_name(row.metric)] == "text" %}
    {{ return(column ~ " " ~ row.operator ~ " " ~ (sql_text(row.value) if is_text else row.value)) }}
{%- endmacro %}

{# One condition as the text a person reads: the customer's value and the threshold it met. #}
{% macro rule_evidence(row) -%}
    {% if row.metric == "always" %}{{ return("'no other rule holds'") }}{% endif %}
    {% set column = metric_column(row.metric) %}
    {% set name = row.metric | string | replace("'", "''") %}
    {% if row.operator in ["is_null", "not_null"] %}{{ return("'" ~ name ~ " " ~ row.operator ~ "'") }}{% endif %}
    {% set decimals = {"integer": 0, "number": 4} %}
    {% set kind = rule_metrics()[metric_name(row.metric)] %}
    {% set shown = column if kind == "text" else as_text(column, decimals[kind]) %}
    {% set threshold = " " ~ row.operator ~ " " ~ (row.value | string | replace("'", "''")) %}
    {{ return("'" ~ name ~ " ' || " ~ shown ~ " || '" ~ threshold ~ "'") }}
{%- endmacro %}

{#
  Stops the build when the rules of a scheme do not follow one another: ranks with a gap, a rule at two ranks, rules
  behind one that always holds, none that does.
#}
{% macro check_rule_order(scheme, groups) -%}
    {% set order = namespace(rank=0, ids=[]) %}
    {% for group in groups %}
        {% if group.rule.rule_rank | int > order.rank + 1 %}
            {{ rule_problem(
                group.rule,
                "no rule of its scheme has rank " ~ (order.rank + 1) ~ ".",
                "Number the rules 1, 2, 3 without a gap: a rule may have been lost.",
            ) }}
        {% endif %}
        {% if group.rule.rule_rank | int > order.rank and group.rule.rule_id in order.ids %}
            {{ rule_problem(
                group.rule,
                "a rule of a better rank has the same rule_id.",
                "Give every rule an ID of its own: reasons and reviews name it.",
            ) }}
        {% endif %}
        {% set order.rank = group.rule.rule_rank | int %}
        {% do order.ids.append(group.rule.rule_id) %}
        {% if group.rule.metric == "always" and not loop.last %}
            {{ rule_problem(group.rule, "it always holds, so that no rule behind it is ever tried.", "Give it the last rank.") }}
        {% endif %}
        {% if tier_metric(group.rule.tier) is not none and rule_metrics().get(tier_metric(group.rule.tier)) != "text" %}
            {{ rule_problem(
                group.rule,
                "its tier " ~ group.rule.tier ~ " names no metric that is a text.",
                "Write a tier's code, or {preferred_category}.",
            ) }}
        {% endif %}
    {% endfor %}
    {% if execute and (not groups or groups[-1].rule.metric != "always") %}
        {% set last = groups[-1].rule if groups else {} %}
        {{ exceptions.raise_compiler_error(
            ("seeds/" ~ last.seed ~ ".csv" ~ (", after line " ~ last.line if last.line else "") ~ ": " if last.seed else "")
            ~ "Scheme " ~ scheme ~ " has no catch-all: a customer that meets no rule would have no tier."
            ~ " Add a last row with metric 'always'."
        ) }}
    {% endif %}
{%- endmacro %}

{# The groups of conditions of one scheme in the order of trial, checked; a list of name, rule and conditions. #}
{% macro rule_groups(scheme, rows) -%}
    {% set groups = [] %}
    {% for row in rows if row.scheme == scheme %}
        {% set name = (row.rule_rank, row.condition_group) %}
        {% if groups and groups[-1].name == name %}
            {% do groups[-1].conditions.append(row) %}
        {% else %}
            {% do groups.append({"name": name, "rule": row, "conditions": [row]}) %}
        {% endif %}
    {% endfor %}
    {% for group in groups %}{% do check_rule_group(group) %}{% endfor %}
    {% do check_rule_order(scheme, groups) %}
    {{ return(groups) }}
{%- endmacro %}

{# The number of the first group that holds whole, counted from 1, as a CASE over the metrics; a tier in braces has to be there. #}
{% macro first_matching_group(groups) -%}
    case
        {%- for group in groups %}
        when
            {%- for row in group.conditions %}
            {{ rule_condition(row) }}{% if not loop.last %} and{% endif %}
            {%- endfor %}
            {%- if tier_metric(group.rule.tier) is not none %} and {{ tier_metric(group.rule.tier) }} is not null{% endif %}
            then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}

{# A tier as SQL: its code, or the metric in its braces. #}
{% macro tier_value(tier) -%}
    {{ return(sql_text(tier) if tier_metric(tier) is none else tier_metric(tier)) }}
{%- endmacro %}

{# What rule each group number stands for: its column `attribute` (tier, rule_rank, rule_id) as a CASE over the number. #}
{% macro of_matching_group(number, groups, attribute) -%}
    case {{ number }}
        {%- for group in groups %}
        when {{ loop.index }} then
            {%- if attribute == "rule_rank" %} {{ group.rule.rule_rank }}
            {%- elif attribute == "tier" %} {{ tier_value(group.rule.tier) }}
            {%- else %} {{ sql_text(group.rule[attribute]) }}{% endif %}
        {%- endfor %}
    end
{%- endmacro %}

{#
  A SELECT that gives every row of `relation` its tier under one scheme.

  keys: columns of `relation` that name a row, kept in the result.
  Result columns: keys, scheme, tier, tier_rank (1 is the best), rule_id, reason.
#}
{% macro first_match(relation, scheme, rows, keys) -%}
    {% set groups = rule_groups(scheme, rows) %}
    select
        {{ keys | join(",\n        ") }},
        {{ sql_text(scheme) }} as scheme,
        {{ of_matching_group("match_number", groups, "tier") }} as tier,
        {{ of_matching_group("match_number", groups, "rule_rank") }} as tier_rank,
        {{ of_matching_group("match_number", groups, "rule_id") }} as rule_id,
        case match_number
            {%- for group in groups %}
            when {{ loop.index }} then {{ sql_text(group.rule.rule_id ~ ": ") }} ||
                {%- if tier_metric(group.rule.tier) is not none %} '{{ tier_metric(group.rule.tier) }} ' || {{ tier_metric(group.rule.tier) }} || ' and ' ||{% endif %}
                {%- for row in group.conditions %} {{ rule_evidence(row) }}{% if not loop.last %} || ' and ' ||{% endif %}{% endfor %}
            {%- endfor %}
        end as reason
    from (
        select
            *,
            {{ first_matching_group(groups) }} as match_number
        from {{ relation }}
    ) as matched
{%- endmacro %}
