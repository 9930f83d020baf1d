with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

touches as (

    select * from {{ ref('fct_touches') }}

)

-- Who was left out of a campaign for comparison has a row too, and was not contacted.
select
    touches.customer_id,
    touches.touched_on,
    touches.channel,
    count(*) as touches
from touches
cross join bounds
cross join profile
where touches.touched_on >= bounds.days_from and not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}
group by touches.customer_id, touches.touched_on, touches.channel
