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
        snapshots.*,
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
