with touches as (

    select * from {{ ref('fct_touches') }}
    where campaign_id is not null

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

named as (

    select
        touch_id,
        campaign_id,
        customer_id,
        coalesce(nullif(trim(variant), ''), 'none') as variant,
        touched_at,
        touched_on,
        delivered_at,
        opened_at,
        clicked_at,
        responded_at
    from touches

),

ranked as (

    select
        *,
        row_number() over (partition by campaign_id, customer_id order by touched_at, touch_id) as place
    from named

),

-- A customer is of the variant that it was first given, whatever came later: the draw decides and nothing after it.
assigned as (

    select
        campaign_id,
        customer_id,
        max(case when place = 1 then variant end) as variant,
        max(case when place = 1 then touched_at end) as touched_at,
        max(case when place = 1 then touched_on end) as touched_on,
        count(distinct variant) > 1 as has_crossed,
        max(case when delivered_at is not null then 1 else 0 end) = 1 as is_delivered,
        max(case when opened_at is not null then 1 else 0 end) = 1 as is_opened,
        max(case when clicked_at is not null then 1 else 0 end) = 1 as is_clicked,
        max(case when responded_at is not null then 1 else 0 end) = 1 as has_responded
    from ranked
    group by campaign_id, customer_id

),

windowed as (

    select
        assigned.*,
        {{ is_holdout('assigned.variant', 'profile.holdout_variant') }} as is_holdout,
        {{ add_days('assigned.touched_on', 'profile.campaign_conversion_days') }} as window_ends_on,
        run_parameters.as_of_date
    from assigned
    cross join profile
    cross join run_parameters

),

-- The window of another campaign shares a day with this one: it began before and reaches into it, or begins in it.
overlapped as (

    select
        *,
        coalesce(
            max(window_ends_on) over (
                partition by customer_id order by touched_on, campaign_id
                rows between unbounded preceding and 1 preceding
            ) >= touched_on,
            false
        )
        or coalesce(
            lead(touched_on) over (partition by customer_id order by touched_on, campaign_id) <= window_ends_on, false
        ) as is_overlapped
    from windowed

)

select
    campaign_id,
    customer_id,
    variant,
    is_holdout,
    touched_at,
    touched_on,
    window_ends_on,
    window_ends_on <= as_of_date as is_measured,
    has_crossed,
    is_overlapped,
    is_delivered,
    is_opened,
    is_clicked,
    has_responded
from overlapped
