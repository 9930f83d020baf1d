with touches as (

    select * from {{ ref('fct_touches') }}

),

recorded as (

    select
        coalesce(max(case when delivered_at is not null then 1 else 0 end), 0) = 1 as is_delivery_recorded,
        coalesce(max(case when opened_at is not null then 1 else 0 end), 0) = 1 as is_opening_recorded,
        coalesce(max(case when clicked_at is not null then 1 else 0 end), 0) = 1 as is_click_recorded,
        coalesce(max(case when responded_at is not null then 1 else 0 end), 0) = 1 as is_response_recorded
    from touches

)

select * from recorded
