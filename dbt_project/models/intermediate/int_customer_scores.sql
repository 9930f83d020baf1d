{{ config(materialized="view") }}

{% set bands = band_rows() %}
{% set snapshot_rows = ref('int_customer_snapshots') %}

-- A large table that is read twice is read by its name: engines copy a shared CTE.
with snapshots as (

    select * from {{ snapshot_rows }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

cutoffs as (

    select * from {{ ref('int_score_cutoffs') }}

),

cells as (

    select * from {{ ref('int_score_cells') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- What a row is held against follows from its snapshot: the days that part its recency bands, and its cut-offs.
thresholds as (

    select
        {{ recency_edges(bands, 'snapshot_dates.snapshot_on') }}
        profile.score_convention = 'quantile' as is_by_cutoff,
        {% for measure in ["recency", "frequency", "monetary"] %}{% for cut in range(1, score_bins()) %}
        cutoffs.{{ measure }}_cut_{{ cut }},
        {% endfor %}{% endfor %}
        snapshot_dates.snapshot_on
    from snapshot_dates
    cross join profile
    left join cutoffs on snapshot_dates.snapshot_on = cutoffs.snapshot_on

),

-- R4 by equal counts: ties are parted by customer_id, so that the same data give the same scores. A reader of the as-of
-- day alone numbers that day alone.
by_count as (

    select
        buyers.customer_id,
        buyers.snapshot_on,
        ntile({{ score_bins() }}) over (
            partition by buyers.snapshot_on, buyers.is_as_of order by buyers.recency_days desc, buyers.customer_id asc
        ) as r_score,
        ntile({{ score_bins() }}) over (
            partition by buyers.snapshot_on, buyers.is_as_of order by buyers.scored_frequency, buyers.customer_id
        ) as f_score,
        ntile({{ score_bins() }}) over (
            partition by buyers.snapshot_on, buyers.is_as_of order by buyers.scored_monetary, buyers.customer_id
        ) as m_score
    from {{ snapshot_rows }} as buyers
    inner join profile on profile.score_convention = 'ntile'
    where buyers.last_purchase_on is not null

),

-- R1 to R4. Without a purchase there is no score.
scored as (

    select
        snapshots.*,
        {{ recency_band(bands) }} as r_band,
        {{ reached_band(bands, 'frequency', 'snapshots.frequency_12m') }} as f_band,
        {{ reached_band(bands, 'monetary', 'snapshots.monetary_12m') }} as m_band,
        case
            when snapshots.last_purchase_on is null then null
            when thresholds.is_by_cutoff
                then {{ score_bins() }} - {{ cuts_reached('snapshots.recency_days', 'thresholds.recency') }}
            else by_count.r_score
        end as r_score,
        case
            when snapshots.last_purchase_on is null then null
            when thresholds.is_by_cutoff
                then 1 + {{ cuts_reached('snapshots.scored_frequency', 'thresholds.frequency') }}
            else by_count.f_score
        end as f_score,
        case
            when snapshots.last_purchase_on is null then null
            when thresholds.is_by_cutoff
                then 1 + {{ cuts_reached('snapshots.scored_monetary', 'thresholds.monetary') }}
            else by_count.m_score
        end as m_score
    from snapshots
    inner join thresholds on snapshots.snapshot_on = thresholds.snapshot_on
    left join by_count
        on snapshots.customer_id = by_count.customer_id and snapshots.snapshot_on = by_count.snapshot_on

),

-- R5 and R6 follow from the three scores.
described as (

    select
        scored.customer_id,
        scored.snapshot_on,
        scored.is_as_of,
        customers.customer_type,
        customers.strategic_label,
        customers.need_tags,
        scored.first_purchase_on,
        scored.last_purchase_on,
        scored.recency_days,
        scored.purchase_days_lifetime,
        scored.frequency_lifetime,
        scored.monetary_lifetime,
        scored.frequency_12m,
        scored.monetary_12m,
        scored.discount_12m,
        scored.scored_frequency,
        scored.scored_monetary,
        scored.r_band,
        scored.f_band,
        scored.m_band,
        cells.r_score,
        cells.f_score,
        cells.m_score,
        cells.rfm_score,
        cells.rfm_segment,
        cells.segment_rule_id
    from scored
    left join customers on scored.customer_id = customers.customer_id
    left join cells
        on
            scored.r_score = cells.r_score
            and scored.f_score = cells.f_score
            and scored.m_score = cells.m_score

)

select * from described
