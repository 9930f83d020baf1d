with snapshots as (

    select * from {{ ref('int_snapshot_dates') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

-- Whether a snapshot sees a day, and in which window, changes at these days alone: it takes every day for its edge, the
-- first of them that is not before it.
edges as (

    select snapshot_on as edge_on from snapshots
    union distinct
    select rfm_window_opens_after as edge_on from snapshots
    union distinct
    select score_window_opens_after as edge_on from snapshots
    where score_window_opens_after is not null

),

days as (

    select
        dates.date_day,
        min(edges.edge_on) as edge_on
    from dates
    inner join edges on dates.date_day <= edges.edge_on
    group by dates.date_day

)

select * from days
