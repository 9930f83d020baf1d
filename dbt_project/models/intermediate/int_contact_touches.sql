with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

channels as (

    {{ profile_rows(ref('contact_channels'), 'rule_rows.channel') }}

),

touches as (

    select * from {{ ref('fct_touches') }}

)

-- Who was left out of a campaign for comparison has a row too, and was not contacted.
select
    touches.touch_id,
    touches.customer_id,
    touches.touched_at,
    touches.touched_on,
    touches.channel,
    coalesce(channels.is_exchangeable, false) as is_exchangeable,
    {{ is_personal_touch('touches', 'channels') }} as is_personal
from touches
cross join bounds
cross join profile
left join channels on touches.channel = channels.channel
where touches.touched_on >= bounds.touches_from and not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}
