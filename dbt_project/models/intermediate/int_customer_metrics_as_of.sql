{# A table on Spark, which hands no views over; on DuckDB whoever asks for a customer asks int_customer_metrics. #}
{{ config(materialized='table' if target.type == 'spark' else 'view') }}

with metrics as (

    select * from {{ ref('int_customer_metrics') }}
    where is_as_of

)

select
    customer_id,
    snapshot_on,
    is_as_of,
    customer_type,
    strategic_label,
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
    segment_rule_id
from metrics
