{% set schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}

-- A large table that is read once by month is read by its name: engines copy a shared CTE.
with months as (

    select * from {{ ref('int_churn_months') }}

),

dates as (

    select date_day from {{ ref('dim_dates') }}

),

profile as (

    select * from {{ ref('int_profile') }}

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

-- A contact by a channel that others may stand for counts by any channel, as in the contact calendar.
cadences as (

    select
        policies.scheme,
        policies.tier,
        policies.policy,
        policies.period,
        policies.contacts,
        case when coalesce(channels.is_exchangeable, false) then '' else policies.channel end as channel
    from policies
    left join channels on policies.channel = channels.channel
    where policies.contacts > 0

),

of_periods as (

    {{ stacked('dates', ['date_day'], contact_periods('date_day')) }}

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
        customers.is_contactable or coalesce(customers.opted_out_on > months.closing_on, false) as is_contactable,
        {{ tier_columns(schemes) | join(', ') or 'history.customer_id as no_tier' }}
    from {{ history }} as history
    inner join months on history.snapshot_on = months.opening_on
    inner join customers on history.customer_id = customers.customer_id

),

in_tiers as (

    {{ stacked('opened', ['month_end', 'customer_id', 'is_contactable'], tiers_by_scheme(schemes)) }}

),

touches as (

    select
        touches.customer_id,
        touches.touched_on,
        touches.channel
    from {{ ref('fct_touches') }} as touches
    cross join profile
    where
        touches.touched_on > (select {{ add_days('min(first_months.opening_on)', '-184') }} from months as first_months)
        and not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}

),

touched_periods as (

    {{ stacked('touches', ['customer_id', 'channel'], contact_periods('touched_on')) }}

),

counted as (

    select
        customer_id,
        period,
        period_start,
        channel,
        count(*) as touches
    from touched_periods
    group by customer_id, period, period_start, channel
    union all
    select
        customer_id,
        period,
        period_start,
        '' as channel,
        count(*) as touches
    from touched_periods
    group by customer_id, period, period_start

),

made as (

    select
        in_tiers.month_end,
        in_tiers.scheme,
        in_tiers.tier,
        in_tiers.customer_id,
        sum(least(counted.touches, cadences.contacts)) as contacts
    from counted
    inner join periods on counted.period = periods.period and counted.period_start = periods.period_start
    inner join in_tiers on counted.customer_id = in_tiers.customer_id and periods.month_end = in_tiers.month_end
    inner join cadences
        on
            in_tiers.scheme = cadences.scheme
            and in_tiers.tier = cadences.tier
            and counted.period = cadences.period
            and counted.channel = cadences.channel
    where in_tiers.is_contactable
    group by in_tiers.month_end, in_tiers.scheme, in_tiers.tier, in_tiers.customer_id

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
