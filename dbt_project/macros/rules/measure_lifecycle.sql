{#
  CTEs that turn what a customer had done by a day into what the lifecycle rules ask, ending in one called `name`.

  relation: a row per customer and day (replay_on), with known_from, registered_on, the purchases known by then
  (first_purchase_on, last_purchase_on, purchase_days, median_gap_days), last_response_on, current_spend_amount and
  previous_spend_amount; its other columns pass through.
#}
{% macro measure_lifecycle(relation, name) -%}
{{ name }}_started as (

    select
        {{ relation }}.*,
        coalesce({{ relation }}.purchase_days, 0) as purchase_days_lifetime,
        greatest({{ relation }}.last_purchase_on, {{ relation }}.last_response_on) as last_activity_on,
        case
            when {{ relation }}.purchase_days >= profile.cadence_min_purchase_days then {{ relation }}.median_gap_days
        end as own_cadence_days,
        case
            when profile.age_from = 'registration' and {{ relation }}.registered_on <= {{ relation }}.replay_on
                then least({{ relation }}.registered_on, {{ relation }}.first_purchase_on)
            else {{ relation }}.first_purchase_on
        end as age_starts_on
    from {{ relation }}
    cross join {{ ref('int_profile') }} as profile

),

{{ name }} as (

    select
        *,
        {{ days_between('age_starts_on', 'replay_on') }} as age_days,
        {{ days_between('last_purchase_on', 'replay_on') }} as recency_days,
        {{ days_between('last_activity_on', 'replay_on') }} as days_since_last_activity,
        {{ days_between('last_purchase_on', 'replay_on') }} / own_cadence_days as cadence_ratio,
        -- Rounded where binary fractions end: a fall by half on paper must meet "at least half".
        case
            when previous_spend_amount > 0
                then {{ rounded(
                    'cast(current_spend_amount - previous_spend_amount as double)'
                    ~ ' / cast(previous_spend_amount as double)',
                    6
                ) }}
        end as spend_change_rate
    from {{ name }}_started

)
{%- endmacro %}
