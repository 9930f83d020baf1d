{% set asked = asked_metrics() %}
{% set spans = ref('int_purchase_spans') %}

-- A large table that is read twice is read by its name: engines copy a shared CTE.
with customers as (

    select * from {{ ref('dim_customers') }}

),

snapshots as (

    select * from {{ ref('int_snapshot_dates') }}
    where is_rebuilt

),

versions as (

    select * from {{ ref('int_order_versions') }}

),

-- Days cannot be added up over spans, two of which may hold the same one: counted only where a rule asks for it.
purchase_days as (

    select
        versions.customer_id,
        snapshots.snapshot_on,
        count(distinct versions.order_date) as purchase_days_lifetime
    from versions
    inner join snapshots
        on
            versions.valid_from <= snapshots.snapshot_on
            and (versions.valid_until is null or versions.valid_until > snapshots.snapshot_on)
    where versions.is_purchase and {{ 'purchase_days_lifetime' in asked }}
    group by versions.customer_id, snapshots.snapshot_on

),

span_days as (

    select distinct
        spans.ordered_by,
        spans.counts_from,
        spans.counts_until
    from {{ spans }} as spans

),

-- What a span counts for at a snapshot: the spans differ by a few hundred sets of days only.
seen as (

    select
        span_days.*,
        snapshots.snapshot_on,
        span_days.ordered_by > snapshots.rfm_window_opens_after as is_in_rfm_window,
        snapshots.score_window_opens_after is null
        or span_days.ordered_by > snapshots.score_window_opens_after as is_in_score_window
    from span_days
    inner join snapshots
        on span_days.counts_from <= snapshots.snapshot_on and span_days.counts_until > snapshots.snapshot_on

),

-- From its first lasting purchase on, every snapshot counts a customer anyway.
lasting as (

    select
        spans.customer_id,
        min(spans.counts_from) as counts_from
    from {{ spans }} as spans
    inner join snapshots on snapshots.is_as_of and spans.counts_until > snapshots.snapshot_on
    group by spans.customer_id

),

-- A customer is known from its registration or first order on; with neither, only the as-of day knows it.
known as (

    select
        customers.customer_id,
        snapshots.snapshot_on
    from customers
    left join lasting on customers.customer_id = lasting.customer_id
    inner join snapshots
        on
            snapshots.snapshot_on
            >= coalesce(least(customers.registered_on, customers.first_seen_on), customers.as_of_date)
            and snapshots.snapshot_on < coalesce(lasting.counts_from, {{ add_days('customers.as_of_date', 1) }})

),

counted as (

    select
        spans.customer_id,
        seen.snapshot_on,
        seen.is_in_rfm_window,
        seen.is_in_score_window,
        spans.first_purchase_on,
        spans.last_purchase_on,
        spans.purchases,
        spans.net_amount,
        spans.discount_amount
    from {{ spans }} as spans
    inner join seen
        on
            spans.ordered_by = seen.ordered_by
            and spans.counts_from = seen.counts_from
            and spans.counts_until = seen.counts_until
    union all
    select
        customer_id,
        snapshot_on,
        false as is_in_rfm_window,
        false as is_in_score_window,
        cast(null as date) as first_purchase_on,
        cast(null as date) as last_purchase_on,
        0 as purchases,
        cast(0 as decimal(18, 2)) as net_amount,
        cast(null as decimal(18, 2)) as discount_amount
    from known

),

summed as (

    select
        customer_id,
        snapshot_on,
        min(first_purchase_on) as first_purchase_on,
        max(last_purchase_on) as last_purchase_on,
        cast(sum(purchases) as integer) as frequency_lifetime,
        cast(sum(net_amount) as decimal(18, 2)) as monetary_lifetime,
        cast(sum(case when is_in_rfm_window then purchases else 0 end) as integer) as frequency_12m,
        cast(sum(case when is_in_rfm_window then net_amount else 0 end) as decimal(18, 2)) as monetary_12m,
        cast(sum(case when is_in_rfm_window then discount_amount end) as decimal(18, 2)) as discount_12m,
        cast(sum(case when is_in_score_window then purchases else 0 end) as integer) as scored_frequency,
        cast(sum(case when is_in_score_window then net_amount else 0 end) as decimal(18, 2)) as scored_monetary
    from counted
    group by customer_id, snapshot_on

),

described as (

    select
        summed.customer_id,
        summed.snapshot_on,
        snapshots.is_as_of,
        summed.first_purchase_on,
        summed.last_purchase_on,
        {{ days_between('summed.last_purchase_on', 'summed.snapshot_on') }} as recency_days,
        purchase_days.purchase_days_lifetime,
        summed.frequency_lifetime,
        summed.monetary_lifetime,
        summed.frequency_12m,
        summed.monetary_12m,
        summed.discount_12m,
        summed.scored_frequency,
        summed.scored_monetary
    from summed
    inner join snapshots on summed.snapshot_on = snapshots.snapshot_on
    left join purchase_days
        on summed.customer_id = purchase_days.customer_id and summed.snapshot_on = purchase_days.snapshot_on

)

select * from described
