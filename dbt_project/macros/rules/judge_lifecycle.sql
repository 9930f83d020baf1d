{#
  CTEs that judge every row of `relation` by the lifecycle rules, ending in one called stage_judged: customer_id, what the
  rules ask, the outcome of each axis, and the rule and reason behind each. An axis sees the outcomes of those before it,
  the displayed stage last.

  kept: further columns of `relation` to keep.
#}
{% macro judge_lifecycle(relation, rules, kept=[]) -%}
    {% set axes = [
        ("age", "lifecycle_age", "age_stage"),
        ("activity", "lifecycle_activity", "activity_state"),
        ("curve", "lifecycle_curve", "curve_stage"),
        ("stage", "lifecycle_stage", "lifecycle_stage"),
    ] %}
    {% set known = [
        "customer_id",
        "customer_type",
        "strategic_label",
        "purchase_days_lifetime",
        "age_days",
        "recency_days",
        "days_since_last_activity",
        "cadence_ratio",
        "spend_change_rate",
    ] + kept %}
    {% for name, scheme, outcome in axes %}
{{ name }}_matched as (

    {{ first_match(relation if loop.first else axes[loop.index0 - 1][0] ~ "_judged", scheme, rules, known) }}

),

{{ name }}_judged as (

    select
        {{ known | join(",\n        ") }},
        tier as {{ outcome }},
        rule_id as {{ name }}_rule_id,
        reason as {{ name }}_reason
    from {{ name }}_matched

){% if not loop.last %},{% endif %}
    {% do known.extend([outcome, name ~ "_rule_id", name ~ "_reason"]) %}
    {% endfor %}
{%- endmacro %}
