with versions as (

    select * from {{ ref('int_order_versions') }}

),

compared as (

    select
        customer_id,
        valid_from,
        is_purchase,
        lag(is_purchase) over (partition by order_id order by valid_from) as was_purchase
    from versions

),

-- Between two days on which a return takes a purchase away, purchases only come in. Such a span is an epoch: within it
-- what was known on a day is what had been bought by that day, so a running median is the median of that day.
epoch_starts as (

    select
        customer_id,
        valid_from as epoch_from
    from compared
    where was_purchase != is_purchase
    union distinct
    select
        customer_id,
        min(valid_from) as epoch_from
    from compared
    group by customer_id

),

epochs as (

    select
        customer_id,
        epoch_from,
        lead(epoch_from) over (partition by customer_id order by epoch_from) as epoch_until
    from epoch_starts

),

-- Whether an order is a purchase does not change within an epoch, so one day of it decides: the order's own or the
-- first.
found_days as (

    select distinct
        epochs.customer_id,
        epochs.epoch_from,
        versions.order_date as purchase_on
    from epochs
    inner join versions on epochs.customer_id = versions.customer_id
    where
        versions.is_purchase
        and (epochs.epoch_until is null or versions.order_date < epochs.epoch_until)
        and versions.valid_from <= greatest(versions.order_date, epochs.epoch_from)
        and (
            versions.valid_until is null
            or versions.valid_until > greatest(versions.order_date, epochs.epoch_from)
        )

),

-- An epoch in which every purchase has come back keeps one row, without a purchase day.
purchase_days as (

    select
        epochs.customer_id,
        epochs.epoch_from,
        epochs.epoch_until,
        found_days.purchase_on
    from epochs
    left join found_days
        on epochs.customer_id = found_days.customer_id and epochs.epoch_from = found_days.epoch_from

),

spaced as (

    select
        *,
        row_number() over (partition by customer_id, epoch_from order by purchase_on) as purchase_day_number,
        min(purchase_on) over (partition by customer_id, epoch_from) as first_purchase_on,
        lead(purchase_on) over (partition by customer_id, epoch_from order by purchase_on) as next_purchase_on,
        {{ days_between(
            'lag(purchase_on) over (partition by customer_id, epoch_from order by purchase_on)', 'purchase_on'
        ) }} as gap_days
    from purchase_days

),

described as (

    select
        customer_id,
        epoch_from,
        epoch_until,
        purchase_on,
        next_purchase_on,
        first_purchase_on,
        gap_days,
        case when purchase_on is null then 0 else purchase_day_number end as purchase_days,
        {{ running_median('gap_days', 'customer_id, epoch_from', 'purchase_on') }} as median_gap_days
    from spaced

)

select * from described
