with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

bands as (

    select * from {{ ref('int_customer_bands') }}

),

scores as (

    select * from {{ ref('int_customer_scores') }}

),

joined as (

    select
        snapshots.customer_id,
        snapshots.snapshot_on,
        snapshots.is_as_of,
        snapshots.customer_type,
        snapshots.strategic_label,
        snapshots.first_purchase_on,
        snapshots.last_purchase_on,
        snapshots.recency_days,
        snapshots.purchase_days_lifetime,
        snapshots.frequency_lifetime,
        snapshots.monetary_lifetime,
        snapshots.frequency_12m,
        snapshots.monetary_12m,
        snapshots.scored_frequency,
        snapshots.scored_monetary,
        bands.r_band,
        bands.f_band,
        bands.m_band,
        scores.r_score,
        scores.f_score,
        scores.m_score,
        scores.rfm_score,
        scores.rfm_segment,
        scores.segment_rule_id
    from snapshots
    left join bands
        on snapshots.customer_id = bands.customer_id and snapshots.snapshot_on = bands.snapshot_on
    left join scores
        on snapshots.customer_id = scores.customer_id and snapshots.snapshot_on = scores.snapshot_on

)

select * from joined
