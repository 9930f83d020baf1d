{% set spans = ref('int_category_spans') %}

-- A large table that is read twice is read by its name: engines copy a shared CTE.
with snapshots as (

    select * from {{ ref('int_snapshot_dates') }}
    where is_rebuilt

),

span_days as (

    select distinct
        spans.ordered_by,
        spans.counts_from,
        spans.counts_until
    from {{ spans }} as spans

),

seen as (

    select
        span_days.*,
        snapshots.snapshot_on
    from span_days
    inner join snapshots
        on
            span_days.counts_from <= snapshots.snapshot_on
            and span_days.counts_until > snapshots.snapshot_on
            and span_days.ordered_by > snapshots.rfm_window_opens_after

),

by_category as (

    select
        spans.customer_id,
        seen.snapshot_on,
        spans.category,
        sum(spans.line_amount) as line_amount
    from {{ spans }} as spans
    inner join seen
        on
            spans.ordered_by = seen.ordered_by
            and spans.counts_from = seen.counts_from
            and spans.counts_until = seen.counts_until
    group by spans.customer_id, seen.snapshot_on, spans.category

),

-- Of categories with the same spend the last in the order of their bytes, so that the same data give the same answer.
preferred as (

    select
        customer_id,
        snapshot_on,
        {{ top_value('category', 'line_amount') }} as preferred_category,
        {{ rounded('cast(max(line_amount) as double) / nullif(cast(sum(line_amount) as double), 0)', 6) }}
            as preferred_category_share
    from by_category
    where line_amount > 0
    group by customer_id, snapshot_on

)

select * from preferred
