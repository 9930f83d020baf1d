with scope as (

    select * from {{ ref('int_lifecycle_history_scope') }}

),

months as (

    select * from {{ ref('int_lifecycle_months') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

order_versions as (

    select * from {{ ref('int_order_versions') }}

),

returned_order_versions as (

    select * from {{ ref('int_returned_order_versions') }}

),

-- A day is told by the first month-end that sees it: between two of them nothing need be known.
days as (

    select
        dates.date_day,
        min(months.month_number) as month_number
    from dates
    inner join months on dates.date_day <= months.month_end
    group by dates.date_day

),

versions as (

    select
        scope.customer_id,
        order_versions.order_date,
        ordered.month_number as ordered_in,
        begun.month_number as counts_from,
        ended.month_number as counts_until
    from order_versions
    inner join scope on order_versions.customer_id = scope.customer_id
    inner join days as ordered on order_versions.order_date = ordered.date_day
    inner join days as begun on order_versions.valid_from = begun.date_day
    left join days as ended on order_versions.valid_until = ended.date_day
    where
        order_versions.is_purchase
        and (ended.month_number is null or begun.month_number < ended.month_number)

),

-- An epoch is a span of months in which no purchase is taken away by a return: within it purchases only come in.
epoch_starts as (

    select
        customer_id,
        from_month as epoch_from
    from scope
    union distinct
    select
        scope.customer_id,
        undone.month_number as epoch_from
    from returned_order_versions
    inner join scope on returned_order_versions.customer_id = scope.customer_id
    inner join days as undone on returned_order_versions.valid_from = undone.date_day
    where returned_order_versions.is_undone and undone.month_number > scope.from_month

),

epochs as (

    select
        *,
        lead(epoch_from) over (partition by customer_id order by epoch_from) as epoch_until
    from epoch_starts

),

-- Whether an order is a purchase does not change within an epoch: its first month that sees the order decides.
purchase_days as (

    select distinct
        epochs.customer_id,
        epochs.epoch_from,
        epochs.epoch_until,
        versions.ordered_in,
        versions.order_date as purchase_on
    from epochs
    inner join versions on epochs.customer_id = versions.customer_id
    where
        (epochs.epoch_until is null or versions.ordered_in < epochs.epoch_until)
        and versions.counts_from <= greatest(versions.ordered_in, epochs.epoch_from)
        and (
            versions.counts_until is null
            or versions.counts_until > greatest(versions.ordered_in, epochs.epoch_from)
        )

),

spaced as (

    select
        *,
        cast(
            row_number() over (partition by customer_id, epoch_from order by purchase_on) as integer
        ) as purchase_days,
        lead(ordered_in) over (partition by customer_id, epoch_from order by purchase_on) as next_ordered_in,
        {{ days_between(
            'lag(purchase_on) over (partition by customer_id, epoch_from order by purchase_on)', 'purchase_on'
        ) }} as gap_days
    from purchase_days

),

gaps as (

    select
        customer_id,
        epoch_from,
        min(purchase_on) as first_purchase_on,
        min(ordered_in) as first_ordered_in,
        {{ values_in_order('gap_days', 'purchase_on') }} as gap_days
    from spaced
    group by customer_id, epoch_from

),

-- A purchase day is asked for where it is the last one that some month-end of the epoch sees.
described as (

    select
        spaced.customer_id,
        greatest(spaced.ordered_in, spaced.epoch_from) as from_month,
        coalesce(spaced.next_ordered_in, spaced.epoch_until) as until_month,
        gaps.first_purchase_on,
        spaced.purchase_on as last_purchase_on,
        spaced.purchase_days,
        {{ median_of_first('(spaced.purchase_days - 1)', 'gaps.gap_days') }} as median_gap_days
    from spaced
    inner join gaps on spaced.customer_id = gaps.customer_id and spaced.epoch_from = gaps.epoch_from
    where
        coalesce(spaced.next_ordered_in, spaced.epoch_until) is null
        or coalesce(spaced.next_ordered_in, spaced.epoch_until) > greatest(spaced.ordered_in, spaced.epoch_from)

),

before_the_first as (

    select
        epochs.customer_id,
        epochs.epoch_from as from_month,
        coalesce(gaps.first_ordered_in, epochs.epoch_until) as until_month,
        cast(null as date) as first_purchase_on,
        cast(null as date) as last_purchase_on,
        0 as purchase_days,
        cast(null as double) as median_gap_days
    from epochs
    left join gaps on epochs.customer_id = gaps.customer_id and epochs.epoch_from = gaps.epoch_from
    where gaps.first_ordered_in is null or gaps.first_ordered_in > epochs.epoch_from

),

spans as (

    select * from described
    union all
    select * from before_the_first

),

last_month as (

    select max(month_number) + 1 as until_month
    from months

)

select
    spans.customer_id,
    spans.from_month,
    coalesce(spans.until_month, last_month.until_month) as until_month,
    spans.first_purchase_on,
    spans.last_purchase_on,
    spans.purchase_days,
    spans.median_gap_days
from spans
cross join last_month
