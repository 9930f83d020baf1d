{#
  The metrics that a target can be set for (G), with the unit of each and the periods that it is measured over. What each
  is stands in docs/metrics.md; the rows are made in metric_values. retention.rules reads this list.
#}
{% macro target_metrics() -%}
    {{ return({
        "retention_rate": ["rate", "rolling", "month"],
        "repurchase_rate": ["rate", "rolling", "month"],
        "repurchase_growth_3m_rate": ["rate", "month"],
        "tier_churn_rate": ["rate", "rolling", "month"],
        "churn_rate": ["rate", "month"],
        "activation_rate": ["rate", "month"],
        "win_back_rate": ["rate", "month"],
        "resolution_rate": ["rate", "week"],
        "complaint_resolution_rate": ["rate", "week"],
        "timely_rate": ["rate", "week"],
        "csat_score": ["rate", "week", "month"],
        "nps_score": ["points", "week", "month"],
        "ces_score": ["score", "week", "month"],
        "cross_sell_share": ["rate", "month"],
        "cross_sell_growth_3m_rate": ["rate", "month"],
        "ltv_growth_rate": ["rate", "month"],
        "member_repurchase_rate": ["rate", "as_of"],
        "top_member_share": ["rate", "as_of"],
        "suggestion_adoption_rate": ["rate", "as_of"],
    }) }}
{%- endmacro %}

{# The unit of a row's metric. #}
{% macro metric_unit(metric) -%}
    case
        {%- for name, about in target_metrics().items() if about[0] != "rate" %}
        when {{ metric }} = {{ sql_text(name) }} then {{ sql_text(about[0]) }}
        {%- endfor %}
        else 'rate'
    end
{%- endmacro %}

{# How far an actual stands from a target: percentage points for rates, the metric's own unit for others. #}
{% macro metric_gap(unit, actual, target) -%}
    {{ rounded('case when ' ~ unit ~ " = 'rate' then 100 else 1 end * (" ~ actual ~ ' - ' ~ target ~ ')', 4) }}
{%- endmacro %}

{#
  How an actual stands to its target: met at it or beyond, alarm and warning from their numbers on, behind between. All
  numbers are compared in millionths, so that a rate of 19 in 20 meets 0.95 on every engine.
#}
{% macro target_status(actual, target, direction, warn_at, alarm_at) -%}
    {%- set sign = "case when " ~ direction ~ " = 'at_most' then -1 else 1 end" -%}
    {%- set reached = sign ~ " * round(" ~ actual ~ " * 1000000)" -%}
    case
        when {{ actual }} is null then 'no_data'
        when {{ reached }} >= {{ sign }} * round({{ target }} * 1000000) then 'met'
        when {{ reached }} <= {{ sign }} * round({{ alarm_at }} * 1000000) then 'alarm'
        when {{ reached }} <= {{ sign }} * round({{ warn_at }} * 1000000) then 'warning'
        else 'behind'
    end
{%- endmacro %}
