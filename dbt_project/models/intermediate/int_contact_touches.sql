with bounds as (

    select * from {{ ref('int_contact_bounds') }}

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
where touches.touched_on >= bounds.days_from and coalesce(lower(trim(touches.variant)), '') != 'holdout'
group by touches.customer_id, touches.touched_on, touches.channel
