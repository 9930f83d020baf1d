{#
  The rule engine. A scheme is an ordered list of rules in a seed; a rule is one or more groups of conditions;
  a customer gets the outcome of the first rule of which one whole group holds. The rules become one CASE
  expression when the model is compiled, so a scheme costs one pass whatever the number of its rules.
#}

{# What a rule may ask about, and how its value is written. #}
{% macro rule_metrics() -%}
    {{ return({
        "recency_days": "integer",
        "frequency_12m": "integer",
        "monetary_12m": "number",
        "frequency_lifetime": "integer",
        "monetary_lifetime": "number",
        "r_band": "integer",
        "f_band": "integer",
        "m_band": "integer",
        "r_score": "integer",
        "f_score": "integer",
        "m_score": "integer",
        "rfm_score": "number",
        "rfm_segment": "text",
        "strategic_label": "text",
        "customer_type": "text",
        "purchase_days_lifetime": "integer",
        "age_days": "integer",
        "days_since_last_activity": "integer",
        "spend_change_rate": "number",
        "cadence_ratio": "number",
        "age_stage": "text",
        "activity_state": "text",
        "curve_stage": "text",
        "tiers_below": "integer",
        "days_without_interaction": "integer",
    }) }}
{%- endmacro %}

{# Stops the build when the run asks for a profile that profiles.csv does not have: it would silently get the rows of `all`. #}
{% macro check_profile() -%}
    {% set query %}
        select
            run_parameters.profile,
            profiles.profile as known_profile
        from {{ source('raw', 'run_parameters') }} as run_parameters
        cross join {{ ref('profiles') }} as profiles
        where profiles.profile != 'all'
        order by profiles.profile
    {% endset %}
    {% set rows = run_query(query).rows %}
    {% set known = rows | map(attribute='known_profile') | list %}
    {% if rows and rows[0].profile not in known %}
        {{ exceptions.raise_compiler_error(
            "Profile '" ~ rows[0].profile ~ "' is unknown. Use one of: " ~ known | join(", ")
            ~ "; or add it to seeds/profiles.csv."
        ) }}
    {% endif %}
{%- endmacro %}

{# The rows of a rule seed for this run's profile, read when the model is compiled; a list of dictionaries. #}
{% macro rule_rows(seed) -%}
    {% set relation = ref(seed) %}
    {% set profiles = ref('profiles') %}
    {% set parameters = source('raw', 'run_parameters') %}
    {% if not execute %}{{ return([]) }}{% endif %}
    {% do check_profile() %}
    {% set query %}
        select
            scheme,
            rule_id,
            rule_rank,
            tier,
            condition_group,
            metric,
            operator,
            value
        from (
            select
                rule_rows.*,
                rank() over (
                    partition by scheme
                    order by case when rule_rows.profile = 'all' then 1 else 0 end
                ) as nearness
            from {{ relation }} as rule_rows
            cross join {{ parameters }} as run_parameters
            where rule_rows.profile in (run_parameters.profile, 'all')
        ) as nearest
        where nearness = 1
        order by scheme, rule_rank, condition_group, metric, operator, value
    {% endset %}
    {% set rows = [] %}
    {% for row in run_query(query).rows %}
        {% do rows.append(row.dict()) %}
    {% endfor %}
    {% if not rows %}
        {{ exceptions.raise_compiler_error(
            "Seed " ~ seed ~ " has no rule for this profile and none for 'all'. Add the rules of at least one scheme."
        ) }}
    {% endif %}
    {{ return(rows) }}
{%- endmacro %}

{% macro rule_problem(row, problem, remedy) -%}
    {{ exceptions.raise_compiler_error(
        "Rule " ~ row.rule_id ~ " (scheme " ~ row.scheme ~ ", rank " ~ row.rule_rank ~ "): " ~ problem ~ " " ~ remedy
    ) }}
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

{# One condition as SQL. A null metric meets no condition but is_null. #}
{% macro rule_condition(row) -%}
    {% set kinds = rule_metrics() %}
    {% if row.metric == "always" %}{{ return("true") }}{% endif %}
    {% if row.metric not in kinds %}
        {{ rule_problem(row, "metric '" ~ row.metric ~ "' is unknown.", "Use one of: " ~ kinds.keys() | sort | join(", ") ~ ".") }}
    {% endif %}
    {% if row.operator == "is_null" %}{{ return(row.metric ~ " is null") }}{% endif %}
    {% if row.operator == "not_null" %}{{ return(row.metric ~ " is not null") }}{% endif %}
    {% if row.operator not in ["=", "!=", "<", "<=", ">", ">="] %}
        {{ rule_problem(row, "operator '" ~ row.operator ~ "' is unknown.", "Use =, !=, <, <=, >, >=, is_null or not_null.") }}
    {% endif %}
    {% if row.value is none %}
        {{ rule_problem(row, "the condition on " ~ row.metric ~ " has no value.", "Fill in the column value.") }}
    {% endif %}
    {% if kinds[row.metric] == "text" %}
        {% if row.operator not in ["=", "!="] %}
            {{ rule_problem(row, row.metric ~ " is a text and has no order.", "Use =, !=, is_null or not_null.") }}
        {% endif %}
        {{ return(row.metric ~ " " ~ row.operator ~ " " ~ sql_text(row.value)) }}
    {% endif %}
    {% if not modules.re.fullmatch("[+-]?[0-9]+([.][0-9]+)?", row.value | string) %}
        {{ rule_problem(row, "'" ~ row.value ~ "' is no number, and " ~ row.metric ~ " is one.", "Correct the column value.") }}
    {% endif %}
    {{ return(row.metric ~ " " ~ row.operator ~ " " ~ row.value) }}
{%- endmacro %}

{# One condition as the text a person reads: the customer's value and the threshold it met. #}
{% macro rule_evidence(row) -%}
    {% set kinds = rule_metrics() %}
    {% if row.metric == "always" %}{{ return("'no other rule holds'") }}{% endif %}
    {% if row.operator in ["is_null", "not_null"] %}{{ return("'" ~ row.metric ~ " " ~ row.operator ~ "'") }}{% endif %}
    {% if kinds[row.metric] == "text" %}
        {% set shown = row.metric %}
    {% elif kinds[row.metric] == "integer" %}
        {% set shown = as_text(row.metric, 0) %}
    {% else %}
        {% set shown = as_text(row.metric, 4) %}
    {% endif %}
    {% set threshold = " " ~ row.operator ~ " " ~ (row.value | string | replace("'", "''")) %}
    {{ return("'" ~ row.metric ~ " ' || " ~ shown ~ " || '" ~ threshold ~ "'") }}
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
    {% if execute and (not groups or groups[-1].rule.metric != "always") %}
        {{ exceptions.raise_compiler_error(
            "Scheme " ~ scheme ~ " has no catch-all: a customer that meets no rule would have no tier."
            ~ " Add a last row with metric 'always'."
        ) }}
    {% endif %}
    {{ return(groups) }}
{%- endmacro %}

{# The number of the first group that holds whole, counted from 1, as a CASE over the metrics. #}
{% macro first_matching_group(groups) -%}
    case
        {%- for group in groups %}
        when
            {%- for row in group.conditions %}
            {{ rule_condition(row) }}{% if not loop.last %} and{% endif %}
            {%- endfor %}
            then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}

{# What rule each group number stands for: its column `attribute` (tier, rule_rank, rule_id) as a CASE over the number. #}
{% macro of_matching_group(number, groups, attribute) -%}
    case {{ number }}
        {%- for group in groups %}
        when {{ loop.index }} then {{ group.rule[attribute] if attribute == "rule_rank" else sql_text(group.rule[attribute]) }}
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
