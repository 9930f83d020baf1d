{#
  What a tier or label rule may ask about, and how its value is written. A metric that takes an argument is written with
  it behind a colon where a rule asks for a part: interactions_12m counts all interactions, interactions_12m:login logins.
  English and Chinese names stand in labels.csv, code set rule_metric.
#}
{% macro rule_metrics() -%}
    {{ return({
        "recency_days": "integer",
        "frequency_12m": "integer",
        "monetary_12m": "number",
        "frequency_lifetime": "integer",
        "monetary_lifetime": "number",
        "avg_order_value_12m": "number",
        "discount_share_12m": "number",
        "predicted_value_12m": "number",
        "preferred_category": "text",
        "preferred_category_share": "number",
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
        "need_tags": "text",
        "purchase_days_lifetime": "integer",
        "interactions_90d": "integer",
        "interactions_previous_90d": "integer",
        "interactions_change_rate": "number",
        "interactions_12m": "integer",
        "days_since_last_interaction": "integer",
        "complaints_12m": "integer",
        "satisfaction_score": "number",
        "satisfaction_change": "number",
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

{# The metrics that only rules of lifecycle_rules.csv may ask about. #}
{% macro lifecycle_metrics() -%}
    {{ return([
        "age_days",
        "days_since_last_activity",
        "spend_change_rate",
        "cadence_ratio",
        "age_stage",
        "activity_state",
        "curve_stage",
        "tiers_below",
        "days_without_interaction",
    ]) }}
{%- endmacro %}

{# The metrics that take an argument, and what it names. #}
{% macro metrics_with_argument() -%}
    {{ return({"interactions_12m": "an interaction type", "complaints_12m": "a ticket category"}) }}
{%- endmacro %}

{# The metric that a rule names, without its argument. #}
{% macro metric_name(metric) -%}
    {{ return((metric | string).split(":")[0]) }}
{%- endmacro %}

{# The argument that a rule gives a metric; none without one. #}
{% macro metric_argument(metric) -%}
    {% set parts = (metric | string).split(":", 1) %}
    {{ return(parts[1] if parts | length > 1 else none) }}
{%- endmacro %}

{# The column that holds a metric: its name, and with an argument two underscores and a digest of that, which may be any text. #}
{% macro metric_column(metric) -%}
    {% set argument = metric_argument(metric) %}
    {{ return(metric if argument is none else metric_name(metric) ~ "__" ~ local_md5(argument)[:8]) }}
{%- endmacro %}

{# The metric in the braces of a tier, {preferred_category}: such a rule gives the metric's value as its tier. Else none. #}
{% macro tier_metric(tier) -%}
    {% set text = tier | string %}
    {{ return(text[1:-1] if text.startswith("{") and text.endswith("}") else none) }}
{%- endmacro %}

{# The metrics in the braces of any tier of these rules, each once. #}
{% macro tier_metrics(rows) -%}
    {% set metrics = [] %}
    {% for row in rows if tier_metric(row.tier) is not none and tier_metric(row.tier) not in metrics %}
        {% do metrics.append(tier_metric(row.tier)) %}
    {% endfor %}
    {{ return(metrics) }}
{%- endmacro %}

{# The metrics, with their arguments, that any rule of this run's profile asks for: what no rule asks for is not computed. #}
{% macro asked_metrics() -%}
    {% set rows = rule_rows('tier_rules') + label_rule_rows() %}
    {{ return((rows | map(attribute="metric") | list + tier_metrics(rows)) | unique | list) }}
{%- endmacro %}
