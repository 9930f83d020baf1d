{% set schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}
{% set stages = ref('customer_lifecycle_history') %}

-- A large table that is read once by day is read by its name: engines copy a shared CTE.
with months as (

    select * from {{ ref('int_churn_months') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- As the month-end before knew them: churned as churn_metrics defines it, or at risk by the lifecycle's rules and not
-- churned yet.
opened as (

    select
        months.month_end,
        months.opening_on,
        history.customer_id,
        case profile.primary_scheme
            {% for scheme in schemes %}
            when {{ sql_text(scheme) }} then history.tier_{{ loop.index }}
            {% endfor %}
        end as tier,
        case
            when {{ days_between('history.last_purchase_on', 'months.opening_on') }} >= profile.active_window_days
                then 'win_back'
            when known_stages.activity_state = 'at_risk' then 'activation'
        end as silence,
        case
            when {{ days_between('history.last_purchase_on', 'months.opening_on') }} >= profile.active_window_days
                then profile.win_back_days
            else profile.activation_days
        end as return_days
    from {{ history }} as history
    inner join months on history.snapshot_on = months.opening_on
    cross join profile
    left join {{ stages }} as known_stages
        on history.customer_id = known_stages.customer_id and months.opening_on = known_stages.month_end
    where history.last_purchase_on is not null

),

silent as (

    select
        *,
        {{ add_days('opening_on', 1) }} as month_start
    from opened
    where silence is not null

)

select * from silent
