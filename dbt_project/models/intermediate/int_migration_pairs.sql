with month_ends as (

    select
        snapshot_on,
        is_rebuilt
    from {{ ref('int_snapshot_dates') }}
    where is_month_end

),

spans as (

    {{ profile_rows(ref('migration_spans'), '1') }}

),

-- A pair is counted anew where one of its ends is described anew.
paired as (

    select
        opened.snapshot_on as from_month_end,
        closed.snapshot_on as to_month_end,
        spans.span_months,
        opened.is_rebuilt or closed.is_rebuilt as is_rebuilt
    from month_ends as opened
    cross join month_ends as closed
    inner join spans
        on {{ months_apart('opened.snapshot_on', 'closed.snapshot_on') }} = spans.span_months

)

select * from paired
