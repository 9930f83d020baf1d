with scope as (

    select
        customer_id,
        1 as from_month
    from {{ ref('dim_customers') }}

),

months as (

    select
        month_number,
        snapshot_on as month_end
    from {{ ref('int_signal_days') }}

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

{{ rhythm_by_month() }},

-- The months of each run of them, so that runs are unfolded by equality: engines do so at once.
spans as (

    select
        begun.month_number as from_month,
        ended.month_number + 1 as until_month,
        seen.month_number
    from months as begun
    inner join months as ended on begun.month_number <= ended.month_number
    inner join months as seen
        on begun.month_number <= seen.month_number and ended.month_number >= seen.month_number

),

joined as (

    select
        runs.customer_id,
        months.month_end as snapshot_on,
        runs.first_purchase_on,
        runs.last_purchase_on,
        runs.purchase_days,
        runs.median_gap_days
    from runs
    inner join spans on runs.from_month = spans.from_month and runs.until_month = spans.until_month
    inner join months on spans.month_number = months.month_number
    where runs.last_purchase_on is not null

)

select * from joined
