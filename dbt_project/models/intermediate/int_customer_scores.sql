with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

cutoffs as (

    select * from {{ ref('int_score_cutoffs') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

segments as (

    {{ profile_rows(ref('rfm_segments'), '1') }}

),

buyers as (

    select * from snapshots
    where last_purchase_on is not null

),

-- Equal counts: ties are parted by customer_id, so that the same data give the same scores.
by_count as (

    select
        customer_id,
        snapshot_on,
        ntile({{ score_bins() }}) over (
            partition by snapshot_on order by recency_days desc, customer_id asc
        ) as r_score,
        ntile({{ score_bins() }}) over (partition by snapshot_on order by scored_frequency, customer_id) as f_score,
        ntile({{ score_bins() }}) over (partition by snapshot_on order by scored_monetary, customer_id) as m_score
    from buyers

),

by_cutoff as (

    select
        buyers.customer_id,
        buyers.snapshot_on,
        {{ score_bins() }} - {{ cuts_reached('buyers.recency_days', 'cutoffs.recency') }} as r_score,
        1 + {{ cuts_reached('buyers.scored_frequency', 'cutoffs.frequency') }} as f_score,
        1 + {{ cuts_reached('buyers.scored_monetary', 'cutoffs.monetary') }} as m_score
    from buyers
    inner join cutoffs on buyers.snapshot_on = cutoffs.snapshot_on

),

by_convention as (

    select by_count.*
    from by_count
    inner join profile on profile.score_convention = 'ntile'
    union all
    select by_cutoff.*
    from by_cutoff
    inner join profile on profile.score_convention = 'quantile'

),

-- R5, rounded where binary fractions end: a score that is 80 on paper must meet "at least 80".
weighted as (

    select
        by_convention.customer_id,
        by_convention.snapshot_on,
        cast(by_convention.r_score as integer) as r_score,
        cast(by_convention.f_score as integer) as f_score,
        cast(by_convention.m_score as integer) as m_score,
        round(
            100.0 * (
                profile.recency_weight * (by_convention.r_score - 1)
                + profile.frequency_weight * (by_convention.f_score - 1)
                + profile.monetary_weight * (by_convention.m_score - 1)
            ) / (
                (profile.recency_weight + profile.frequency_weight + profile.monetary_weight)
                * ({{ score_bins() }} - 1)
            ),
            6
        ) as rfm_score
    from by_convention
    cross join profile

),

segmented as (

    select
        weighted.*,
        segments.segment as rfm_segment,
        segments.rule_id as segment_rule_id
    from weighted
    left join segments
        on
            weighted.r_score between segments.r_min and segments.r_max
            and weighted.f_score between segments.f_min and segments.f_max
            and weighted.m_score between segments.m_min and segments.m_max
    qualify row_number() over (
        partition by weighted.customer_id, weighted.snapshot_on order by segments.segment_rank
    ) = 1

)

select * from segmented
