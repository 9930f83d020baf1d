{% set schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}

-- A large table that is read once by month is read by its name: engines copy a shared CTE.
with months as (

    select * from {{ ref('int_churn_months') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

holidays as (

    select holidays.*
    from {{ ref('holidays') }} as holidays
    inner join profile on holidays.holiday_calendar = profile.contact_holiday_calendar

),

dates as (

    select
        dates.date_day,
        {{ is_open_day('dates.date_day', 'holidays', 'profile') }} as is_open
    from {{ ref('dim_dates') }} as dates
    cross join profile
    left join holidays on dates.date_day = holidays.holiday_on
    -- Periods that are not over have days to come.
    union all
    select
        calendar.date_day,
        calendar.is_open
    from {{ ref('int_contact_days') }} as calendar
    cross join run_parameters
    where calendar.date_day > run_parameters.as_of_date

),

customers as (

    select * from {{ ref('dim_customers') }}

),

policies as (

    {{ profile_rows(ref('service_policy_rules'), 'rule_rows.scheme') }}

),

channels as (

    {{ profile_rows(ref('contact_channels'), 'rule_rows.channel') }}

),

cadences as (

    {{ cadences('policies', 'channels') }}

),

of_periods as (

    {{ stacked('dates', ['date_day', 'is_open'], contact_periods('date_day')) }}

),

-- Nothing is owed in a period without an open day, such as a week of holidays.
open_periods as (

    select distinct
        period,
        period_start
    from of_periods
    where is_open

),

-- A period counts in the month that it ends in, once it is over.
periods as (

    select
        months.month_end,
        of_periods.period,
        of_periods.period_start,
        of_periods.period_end
    from of_periods
    inner join months
        on
            of_periods.period_end = of_periods.date_day
            and of_periods.date_day > months.opening_on
            and of_periods.date_day <= months.closing_on
    inner join open_periods
        on of_periods.period = open_periods.period and of_periods.period_start = open_periods.period_start

),

owed as (

    select
        periods.month_end,
        cadences.scheme,
        cadences.tier,
        sum(cadences.contacts) as contacts
    from periods
    inner join cadences on periods.period = cadences.period
    group by periods.month_end, cadences.scheme, cadences.tier

),

-- Who may not be contacted is owed nothing. Who opted out after the month was still to be contacted in it.
opened as (

    select
        months.month_end,
        history.customer_id,
        customers.preferred_channel,
        customers.is_contactable or coalesce(customers.opted_out_on > months.closing_on, false) as is_contactable,
        {{ tier_columns(schemes) | join(', ') or 'history.customer_id as no_tier' }}
    from {{ history }} as history
    inner join months on history.snapshot_on = months.opening_on
    inner join customers on history.customer_id = customers.customer_id

),

in_tiers as (

    {{ stacked(
        'opened', ['month_end', 'customer_id', 'is_contactable', 'preferred_channel'], tiers_by_scheme(schemes)
    ) }}

),

touches as (

    select
        touches.touch_id,
        touches.customer_id,
        touches.touched_at,
        touches.touched_on,
        touches.channel,
        coalesce(channels.is_exchangeable, false) as is_exchangeable,
        {{ is_personal_touch('touches', 'channels') }} as is_personal
    from {{ ref('fct_touches') }} as touches
    cross join profile
    left join channels on touches.channel = channels.channel
    where
        touches.touched_on > (select {{ add_days('min(first_months.opening_on)', '-184') }} from months as first_months)
        and not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}

),

touched_periods as (

    {{ stacked(
        'touches', ['touch_id', 'customer_id', 'touched_at', 'channel', 'is_exchangeable', 'is_personal'],
        contact_periods('touched_on')
    ) }}

),

-- Periods that are not over take touches too, and count later: what a month counts does not change when they are over.
in_months as (

    select
        touched_periods.*,
        months.month_end,
        touched_periods.period_end <= months.closing_on as is_over
    from touched_periods
    inner join months
        on
            touched_periods.period_end > months.opening_on
            and touched_periods.period_end < {{ add_months(add_days('months.opening_on', 1), 1) }}
    inner join open_periods
        on touched_periods.period = open_periods.period and touched_periods.period_start = open_periods.period_start

),

offered as (

    select
        in_months.touch_id,
        in_months.touched_at,
        in_months.customer_id,
        in_months.period_start,
        in_months.month_end,
        in_months.is_over,
        in_tiers.scheme,
        in_tiers.tier,
        cadences.policy,
        cadences.policy_number,
        cadences.contacts
    from in_months
    inner join in_tiers
        on in_months.customer_id = in_tiers.customer_id and in_months.month_end = in_tiers.month_end
    inner join cadences
        on
            in_tiers.scheme = cadences.scheme
            and in_tiers.tier = cadences.tier
            and in_months.period = cadences.period
    where in_tiers.is_contactable and {{ fits_cadence('in_months', 'cadences', 'in_tiers') }}

),

counted as (

    {{ counted_touches('offered', ['month_end', 'scheme', 'tier', 'customer_id', 'is_over']) }}

),

made as (

    select
        month_end,
        scheme,
        tier,
        customer_id,
        count(*) as contacts
    from counted
    where is_over
    group by month_end, scheme, tier, customer_id

),

kept as (

    select
        made.month_end,
        made.scheme,
        made.tier,
        sum(made.contacts) as contacts_made,
        sum(case when made.contacts >= owed.contacts then 1 else 0 end) as customers_contacted
    from made
    inner join owed
        on made.month_end = owed.month_end and made.scheme = owed.scheme and made.tier = owed.tier
    group by made.month_end, made.scheme, made.tier

),

sized as (

    select
        in_tiers.month_end,
        in_tiers.scheme,
        in_tiers.tier,
        min(in_tiers.tier_rank) as tier_rank,
        sum(case when in_tiers.is_contactable then 1 else 0 end) as customers_due,
        sum(case when in_tiers.is_contactable then 0 else 1 end) as customers_without_consent
    from in_tiers
    group by in_tiers.month_end, in_tiers.scheme, in_tiers.tier

),

joined as (

    select
        sized.month_end,
        sized.scheme,
        sized.tier,
        sized.tier_rank,
        sized.customers_due,
        sized.customers_without_consent,
        owed.contacts as contacts_per_customer,
        coalesce(kept.contacts_made, 0) as contacts_made,
        coalesce(kept.customers_contacted, 0) as customers_contacted
    from sized
    inner join owed
        on sized.month_end = owed.month_end and sized.scheme = owed.scheme and sized.tier = owed.tier
    left join kept
        on sized.month_end = kept.month_end and sized.scheme = kept.scheme and sized.tier = kept.tier

)

select * from joined
