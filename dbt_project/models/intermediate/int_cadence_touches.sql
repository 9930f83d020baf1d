{% set kept = ['customer_id', 'touch_id', 'touched_on', 'policy', 'period_start'] %}
{% set history = ref('int_tier_history') %}

with profile as (

    select * from {{ ref('int_profile') }}

),

touches as (

    select * from {{ ref('int_contact_touches') }}

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

touched_periods as (

    {{ stacked(
        'touches',
        ['touch_id', 'customer_id', 'touched_at', 'touched_on', 'channel', 'is_exchangeable', 'is_personal'],
        contact_periods('touched_on')
    ) }}

),

in_tiers as (

    select
        history.customer_id,
        history.snapshot_on,
        profile.contact_scheme as scheme,
        {{ tier_of_scheme('profile.contact_scheme', 'history') }} as tier
    from {{ history }} as history
    cross join profile

),

-- A touch counts under the tier of its own month, so that what it counts for never changes.
offered as (

    select
        touched_periods.touch_id,
        touched_periods.customer_id,
        touched_periods.touched_at,
        touched_periods.touched_on,
        touched_periods.period_start,
        cadences.scheme,
        cadences.policy,
        cadences.policy_number,
        cadences.contacts
    from touched_periods
    inner join in_tiers
        on
            touched_periods.customer_id = in_tiers.customer_id
            and {{ add_days(month_start('touched_periods.touched_on'), -1) }} = in_tiers.snapshot_on
    inner join cadences
        on
            in_tiers.scheme = cadences.scheme
            and in_tiers.tier = cadences.tier
            and touched_periods.period = cadences.period
    inner join customers on touched_periods.customer_id = customers.customer_id
    where {{ fits_cadence('touched_periods', 'cadences', 'customers') }}

)

{{ counted_touches('offered', kept) }}
