{#
  CTEs that find, for each customer of CTE `scope` from its from_month on, the runs of months at whose ends the known
  purchases were the same; the last is `runs`: customer_id, from_month, until_month (exclusive), first_purchase_on,
  last_purchase_on, purchase_days, median_gap_days.

  CTEs that stand before it: scope (customer_id, from_month), months (month_number from 1 on, month_end in their order;
  any days in order will do), dates, order_versions and returned_order_versions.
#}
{% macro rhythm_by_month() -%}
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

-- Every epoch opens without a purchase; the row is dropped below where there are earlier ones.
steps as (

    select
        customer_id,
        epoch_from,
        epoch_until,
        epoch_from as ordered_in,
        cast(null as date) as purchase_on
    from epochs
    union all
    select
        customer_id,
        epoch_from,
        epoch_until,
        ordered_in,
        purchase_on
    from purchase_days

),

spaced as (

    select
        *,
        {{ days_between(
            'lag(purchase_on) over (partition by customer_id, epoch_from order by purchase_on nulls first)', 'purchase_on'
        ) }} as gap_days
    from steps

),

described as (

    select
        customer_id,
        greatest(ordered_in, epoch_from) as from_month,
        coalesce(
            lead(ordered_in) over (partition by customer_id, epoch_from order by purchase_on nulls first), epoch_until
        ) as next_month,
        min(purchase_on) over (
            partition by customer_id, epoch_from order by purchase_on nulls first
            rows between unbounded preceding and current row
        ) as first_purchase_on,
        purchase_on as last_purchase_on,
        cast(
            row_number() over (partition by customer_id, epoch_from order by purchase_on nulls first) - 1 as integer
        ) as purchase_days,
        {{ running_median('gap_days', 'customer_id, epoch_from', 'purchase_on') }} as median_gap_days
    from spaced

),

last_month as (

    select max(month_number) + 1 as until_month
    from months

),

-- A purchase day is asked for where it is the last one that some month-end of the epoch sees.
runs as (

    select
        described.customer_id,
        described.from_month,
        coalesce(described.next_month, last_month.until_month) as until_month,
        described.first_purchase_on,
        described.last_purchase_on,
        described.purchase_days,
        described.median_gap_days
    from described
    cross join last_month
    where described.next_month is null or described.next_month > described.from_month

)
{%- endmacro %}
