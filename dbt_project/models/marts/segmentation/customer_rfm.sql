with metrics as (

    select * from {{ ref('int_customer_metrics') }}
    where is_as_of

),

explained as (

    select
        *,
        case
            when last_purchase_on is null then 'no_purchase'
            else
                'R1 band ' || {{ as_text('r_band', 0) }} || ': ' || {{ as_text('recency_days', 0) }} || ' days; '
                || 'R2 band ' || {{ as_text('f_band', 0) }} || ': ' || {{ as_text('frequency_12m', 0) }}
                || ' purchases; '
                || 'R3 band ' || {{ as_text('m_band', 0) }} || ': ' || {{ as_text('monetary_12m') }} || '; '
                || 'R4 scores ' || {{ as_text('r_score', 0) }} || '-' || {{ as_text('f_score', 0) }} || '-'
                || {{ as_text('m_score', 0) }} || '; '
                || 'R5 score ' || {{ as_text('rfm_score') }} || '; '
                || coalesce(segment_rule_id || ' ' || rfm_segment, 'R6 no segment holds')
        end as reason
    from metrics

)

select
    customer_id,
    recency_days,
    frequency_12m,
    monetary_12m,
    frequency_lifetime,
    monetary_lifetime,
    first_purchase_on,
    last_purchase_on,
    r_band,
    f_band,
    m_band,
    r_score,
    f_score,
    m_score,
    {{ as_text('r_score', 0) }} || {{ as_text('f_score', 0) }} || {{ as_text('m_score', 0) }} as rfm_cell,
    rfm_score,
    rfm_segment,
    reason,
    snapshot_on as as_of_date
from explained
