with versions as (

    select * from {{ ref('int_order_versions') }}

),

days as (

    select * from {{ ref('int_snapshot_days') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A version that no snapshot falls into is left out. One that lasts ends on the day after the as-of day.
grouped as (

    select
        versions.customer_id,
        ordered.edge_on as ordered_by,
        begun.edge_on as counts_from,
        coalesce(ended.edge_on, {{ add_days('run_parameters.as_of_date', 1) }}) as counts_until,
        min(versions.order_date) as first_purchase_on,
        max(versions.order_date) as last_purchase_on,
        cast(count(*) as integer) as purchases,
        cast(sum(versions.net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(versions.discount_amount) as decimal(18, 2)) as discount_amount
    from versions
    cross join run_parameters
    inner join days as ordered on versions.order_date = ordered.date_day
    inner join days as begun on versions.valid_from = begun.date_day
    left join days as ended on versions.valid_until = ended.date_day
    where
        versions.is_purchase
        and (ended.edge_on is null or begun.edge_on < ended.edge_on)
    group by
        versions.customer_id,
        ordered.edge_on,
        begun.edge_on,
        coalesce(ended.edge_on, {{ add_days('run_parameters.as_of_date', 1) }})

)

-- A customer's spans stand together: whoever adds them up by customer keeps few sums at a time.
select * from grouped
order by customer_id
