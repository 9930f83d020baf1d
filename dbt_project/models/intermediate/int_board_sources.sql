-- What a metric cannot come from is told apart from days on which nothing happened.
with counted as (

    select
        'orders' as data_source,
        count(*) as source_rows,
        min(order_date) as first_day
    from {{ ref('fct_orders') }}
    union all
    select
        'returns' as data_source,
        cast(sum(found.source_rows) as bigint) as source_rows,
        cast(null as date) as first_day
    from (
        select count(*) as source_rows from {{ ref('stg_returns') }}
        union all
        select count(*) as source_rows from {{ ref('fct_orders') }}
        where status = 'returned'
    ) as found
    union all
    select
        survey_type as data_source,
        count(*) as source_rows,
        cast(null as date) as first_day
    from {{ ref('fct_survey_responses') }}
    group by survey_type
    union all
    select
        'answers' as data_source,
        count(*) as source_rows,
        cast(null as date) as first_day
    from {{ ref('fct_survey_responses') }}
    union all
    select
        'tickets' as data_source,
        count(*) as source_rows,
        min(received_on) as first_day
    from {{ ref('fct_tickets') }}
    union all
    select
        'touch_plans' as data_source,
        count(*) as source_rows,
        cast(null as date) as first_day
    from {{ ref('stg_touch_plans') }}
    union all
    select
        'cadence' as data_source,
        count(*) as source_rows,
        cast(null as date) as first_day
    from {{ ref('int_cadence_contacts') }}

)

select * from counted
