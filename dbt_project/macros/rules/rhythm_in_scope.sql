{#
  CTEs that find the spans of days on which the known purchases of each customer of CTE `scope` were the same, from its
  look_from on, ending in one called rhythm_in_scope: customer_id, look_from, look_until, span_from, span_until
  (exclusive; null for the last), first_purchase_on, last_purchase_on, purchase_days, median_gap_days. Before its first
  span a customer had no purchase.

  versions: a CTE of their orders' versions, as macro versions_in_scope gives it.
#}
{% macro rhythm_in_scope(scope, versions) -%}
-- Between two days on which a return takes a purchase away, purchases only come in. Such a span is an epoch: within it
-- what was known on a day is what had been bought by that day: the median of a day is that of the gaps up to it.
epoch_starts as (

    select
        customer_id,
        look_from,
        look_until,
        look_from as epoch_from
    from {{ scope }}
    union distinct
    select
        customer_id,
        look_from,
        look_until,
        valid_from as epoch_from
    from {{ versions }}
    where is_undone and valid_from > look_from

),

epochs as (

    select
        *,
        lead(epoch_from) over (partition by customer_id order by epoch_from) as epoch_until
    from epoch_starts

),

-- Whether an order is a purchase does not change within an epoch, so one day of it decides: the order's own or the
-- first.
purchase_days as (

    select distinct
        epochs.customer_id,
        epochs.epoch_from,
        versions.order_date as purchase_on
    from epochs
    inner join {{ versions }} as versions on epochs.customer_id = versions.customer_id
    where
        versions.is_purchase
        and (epochs.epoch_until is null or versions.order_date < epochs.epoch_until)
        and versions.valid_from <= greatest(versions.order_date, epochs.epoch_from)
        and (
            versions.valid_until is null
            or versions.valid_until > greatest(versions.order_date, epochs.epoch_from)
        )

),

spaced as (

    select
        *,
        cast(
            row_number() over (partition by customer_id, epoch_from order by purchase_on) as integer
        ) as purchase_days,
        min(purchase_on) over (partition by customer_id, epoch_from) as first_purchase_on,
        lead(purchase_on) over (partition by customer_id, epoch_from order by purchase_on) as next_purchase_on,
        {{ days_between(
            'lag(purchase_on) over (partition by customer_id, epoch_from order by purchase_on)', 'purchase_on'
        ) }} as gap_days
    from purchase_days

),

gaps as (

    select
        customer_id,
        epoch_from,
        {{ values_in_order('gap_days', 'purchase_on') }} as gap_days
    from spaced
    group by customer_id, epoch_from

),

-- Of the purchases known when an epoch begins only the last is asked for; the others have had their say in its gaps.
described as (

    select
        spaced.customer_id,
        spaced.epoch_from,
        spaced.purchase_on,
        spaced.purchase_days,
        spaced.first_purchase_on,
        spaced.next_purchase_on,
        {{ median_of_first('(spaced.purchase_days - 1)', 'gaps.gap_days') }} as median_gap_days
    from spaced
    inner join gaps on spaced.customer_id = gaps.customer_id and spaced.epoch_from = gaps.epoch_from
    where spaced.next_purchase_on is null or spaced.next_purchase_on > spaced.epoch_from

),

rhythm_in_scope as (

    select
        epochs.customer_id,
        epochs.look_from,
        epochs.look_until,
        greatest(described.purchase_on, epochs.epoch_from) as span_from,
        least(described.next_purchase_on, epochs.epoch_until) as span_until,
        described.first_purchase_on,
        described.purchase_on as last_purchase_on,
        described.purchase_days,
        described.median_gap_days
    from epochs
    inner join described
        on epochs.customer_id = described.customer_id and epochs.epoch_from = described.epoch_from
    -- An epoch begins without a purchase where all of those before it have come back.
    union all
    select
        epochs.customer_id,
        epochs.look_from,
        epochs.look_until,
        epochs.epoch_from as span_from,
        epochs.epoch_until as span_until,
        cast(null as date) as first_purchase_on,
        cast(null as date) as last_purchase_on,
        0 as purchase_days,
        cast(null as double) as median_gap_days
    from epochs
    left join described
        on
            epochs.customer_id = described.customer_id
            and epochs.epoch_from = described.epoch_from
            and described.purchase_on <= epochs.epoch_from
    where described.customer_id is null

)
{%- endmacro %}
