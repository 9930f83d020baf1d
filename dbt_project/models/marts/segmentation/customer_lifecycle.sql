with current_stages as (

    select * from {{ ref('int_lifecycle_current') }}

),

entered as (

    select * from {{ ref('int_lifecycle_stages_since') }}

),

dormancy as (

    select * from {{ ref('int_lifecycle_dormancy') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

joined as (

    select
        current_stages.*,
        -- A customer without registration and orders has no first day, so its stage has none either.
        case
            when customers.registered_on is not null or customers.first_seen_on is not null then entered.stage_since
        end as stage_since,
        current_stages.stage_reason || '; ' || current_stages.age_reason || '; ' || current_stages.activity_reason
        || '; age_days ' || coalesce({{ as_text('current_stages.age_days', 0) }}, 'null (no_purchase)')
        || ', days_since_last_activity '
        || coalesce({{ as_text('current_stages.days_since_last_activity', 0) }}, 'null (no_activity)')
        || ', spend_change_rate '
        || coalesce({{ as_text('current_stages.spend_change_rate') }}, 'null (no_spend_in_previous_period)')
        || ', cadence_ratio '
        || coalesce(
            {{ as_text('current_stages.cadence_ratio') }},
            'null (too_few_purchase_days: ' || {{ as_text('current_stages.purchase_days_lifetime', 0) }} || ' < '
            || {{ as_text('profile.cadence_min_purchase_days', 0) }} || ')'
        )
        || case
            when customers.registered_on is null and customers.first_seen_on is null
                then ', stage_since null (no_registration_and_no_order)'
            else ''
        end as reason,
        dormancy.dormancy,
        dormancy.dormancy_rule_id,
        dormancy.last_interaction_on,
        dormancy.days_without_interaction,
        dormancy.dormancy_reason,
        customers.as_of_date
    from current_stages
    cross join profile
    inner join customers on current_stages.customer_id = customers.customer_id
    inner join entered on current_stages.customer_id = entered.customer_id
    inner join dormancy on current_stages.customer_id = dormancy.customer_id

)

select
    customer_id,
    age_stage,
    activity_state,
    curve_stage,
    lifecycle_stage,
    stage_since,
    {{ days_between('stage_since', 'as_of_date') }} as days_in_stage,
    age_days,
    last_activity_on,
    days_since_last_activity,
    own_cadence_days,
    cadence_ratio,
    spend_change_rate,
    age_rule_id,
    activity_rule_id,
    curve_rule_id,
    stage_rule_id,
    reason,
    dormancy,
    dormancy_rule_id,
    last_interaction_on,
    days_without_interaction,
    dormancy_reason,
    as_of_date
from joined
