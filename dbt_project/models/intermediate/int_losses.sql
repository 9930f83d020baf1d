with weeks as (

    select * from {{ ref('int_loss_weeks') }}

),

versions as (

    select * from {{ ref('int_order_versions') }}
    where is_purchase

),

profile as (

    select * from {{ ref('int_profile') }}

),

first_week as (

    select min(opening_on) as opening_on from weeks

),

-- The days on which a purchase alone makes its customer active, as each day knew it. What ended before the first week
-- began says nothing of it.
active_days as (

    select
        versions.customer_id,
        versions.order_date,
        versions.valid_from as active_from,
        least(
            {{ add_days('versions.order_date', 'profile.active_window_days') }},
            coalesce(
                versions.valid_until, {{ add_days('versions.order_date', 'profile.active_window_days') }}
            )
        ) as inactive_from
    from versions
    cross join profile
    cross join first_week
    where
        {{ add_days('versions.order_date', 'profile.active_window_days') }} > first_week.opening_on
        and (versions.valid_until is null or versions.valid_until > first_week.opening_on)
        and versions.valid_from < {{ add_days('versions.order_date', 'profile.active_window_days') }}

),

compared as (

    select
        *,
        max(inactive_from) over (
            partition by customer_id
            order by active_from, inactive_from rows between unbounded preceding and 1 preceding
        ) as active_until_then
    from active_days

),

numbered as (

    select
        *,
        sum(case when active_from <= active_until_then then 0 else 1 end) over (
            partition by customer_id
            order by active_from, inactive_from rows between unbounded preceding and current row
        ) as spell_number
    from compared

),

ended as (

    select
        *,
        max(inactive_from) over (partition by customer_id, spell_number) as spell_ends_on
    from numbered

),

spells as (

    select
        customer_id,
        spell_number,
        min(active_from) as active_from,
        max(inactive_from) as inactive_from,
        max(case when inactive_from = spell_ends_on then order_date end) as last_purchase_on
    from ended
    group by customer_id, spell_number

),

followed as (

    select
        *,
        lead(active_from) over (partition by customer_id order by spell_number) as came_back_on
    from spells

),

-- As churn_metrics has it: active when the week began, not when it ended.
left_active as (

    select
        weeks.week_start,
        weeks.is_mature,
        followed.customer_id,
        followed.inactive_from as churned_on,
        followed.last_purchase_on,
        followed.came_back_on
    from followed
    inner join weeks
        on
            followed.active_from <= weeks.opening_on
            and followed.inactive_from > weeks.opening_on
            and followed.inactive_from <= weeks.closing_on
    left join followed as later
        on
            followed.customer_id = later.customer_id
            and weeks.closing_on >= later.active_from
            and weeks.closing_on < later.inactive_from
    where later.customer_id is null

)

select * from left_active
