with customers as (

    select * from {{ ref('dim_customers') }}

),

purchases as (

    select * from {{ ref('int_purchases_at_snapshots') }}

),

snapshots as (

    select * from {{ ref('int_snapshot_dates') }}

),

-- A customer is known from its registration or first order on; with neither, only the as-of day knows it.
known as (

    select
        customers.customer_id,
        customers.customer_type,
        customers.strategic_label,
        snapshots.snapshot_on,
        snapshots.is_as_of
    from customers
    inner join snapshots
        on
            snapshots.snapshot_on >= least(customers.registered_on, customers.first_seen_on)
            or snapshots.is_as_of

),

described as (

    select
        known.customer_id,
        known.snapshot_on,
        known.is_as_of,
        known.customer_type,
        known.strategic_label,
        purchases.first_purchase_on,
        purchases.last_purchase_on,
        {{ days_between('purchases.last_purchase_on', 'known.snapshot_on') }} as recency_days,
        purchases.purchase_days_lifetime,
        cast(coalesce(purchases.frequency_lifetime, 0) as integer) as frequency_lifetime,
        cast(coalesce(purchases.monetary_lifetime, 0) as decimal(18, 2)) as monetary_lifetime,
        cast(coalesce(purchases.frequency_12m, 0) as integer) as frequency_12m,
        cast(coalesce(purchases.monetary_12m, 0) as decimal(18, 2)) as monetary_12m,
        cast(coalesce(purchases.scored_frequency, 0) as integer) as scored_frequency,
        cast(coalesce(purchases.scored_monetary, 0) as decimal(18, 2)) as scored_monetary
    from known
    left join purchases
        on known.customer_id = purchases.customer_id and known.snapshot_on = purchases.snapshot_on

)

select * from described
