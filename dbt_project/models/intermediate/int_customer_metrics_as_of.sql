{# A table on Spark, which hands no views over; on DuckDB whoever asks for a customer asks int_customer_metrics. #}
{% set parts = [] %}
{% for metric in asked_metrics() if metric_argument(metric) is not none %}{% do parts.append(metric) %}{% endfor %}
{{ config(materialized='table' if target.type == 'spark' else 'view') }}

with metrics as (

    select * from {{ ref('int_customer_metrics') }}
    where is_as_of

)

select
    {% for metric in parts -%}
    {{ metric_column(metric) }},
    {% endfor -%}
    customer_id,
    snapshot_on,
    is_as_of,
    customer_type,
    strategic_label,
    need_tags,
    first_purchase_on,
    last_purchase_on,
    recency_days,
    purchase_days_lifetime,
    frequency_lifetime,
    monetary_lifetime,
    frequency_12m,
    monetary_12m,
    scored_frequency,
    scored_monetary,
    r_band,
    f_band,
    m_band,
    r_score,
    f_score,
    m_score,
    rfm_score,
    rfm_segment,
    segment_rule_id,
    avg_order_value_12m,
    discount_share_12m,
    predicted_value_12m,
    preferred_category,
    preferred_category_share,
    interactions_90d,
    interactions_previous_90d,
    interactions_12m,
    complaints_12m,
    interactions_change_rate,
    days_since_last_interaction,
    satisfaction_score,
    satisfaction_change
from metrics
