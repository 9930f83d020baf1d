with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

bands as (

    {{ profile_rows(ref('rfm_bands'), 'rule_rows.measure') }}

),

-- R1: "within N months" are the days d with snapshot - N months < d; a band without a bound takes the rest.
recency as (

    select
        snapshots.customer_id,
        snapshots.snapshot_on,
        max(bands.band) as r_band
    from snapshots
    inner join bands
        on
            bands.measure = 'recency'
            and (
                bands.bound is null
                or (
                    bands.unit = 'months'
                    and snapshots.last_purchase_on
                    > {{ add_months('snapshots.snapshot_on', '-cast(bands.bound as integer)') }}
                )
                or (bands.unit = 'days' and snapshots.recency_days <= bands.bound)
            )
    where snapshots.last_purchase_on is not null
    group by snapshots.customer_id, snapshots.snapshot_on

),

-- R2 and R3: the highest band whose bound the customer reaches.
frequency_and_monetary as (

    select
        snapshots.customer_id,
        snapshots.snapshot_on,
        max(case when bands.measure = 'frequency' then bands.band end) as f_band,
        max(case when bands.measure = 'monetary' then bands.band end) as m_band
    from snapshots
    inner join bands
        on
            (bands.measure = 'frequency' and (bands.bound is null or snapshots.frequency_12m >= bands.bound))
            or (bands.measure = 'monetary' and (bands.bound is null or snapshots.monetary_12m >= bands.bound))
    where snapshots.last_purchase_on is not null
    group by snapshots.customer_id, snapshots.snapshot_on

),

joined as (

    select
        recency.customer_id,
        recency.snapshot_on,
        cast(recency.r_band as integer) as r_band,
        cast(frequency_and_monetary.f_band as integer) as f_band,
        cast(frequency_and_monetary.m_band as integer) as m_band
    from recency
    inner join frequency_and_monetary
        on
            recency.customer_id = frequency_and_monetary.customer_id
            and recency.snapshot_on = frequency_and_monetary.snapshot_on

)

select * from joined
